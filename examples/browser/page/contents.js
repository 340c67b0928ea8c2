"use strict";

// What a checked file is and contains, as text and as pictures.

const SVG = "http://www.w3.org/2000/svg";

const verdicts = {
  accept: { mark: "✓", text: (platform) => `${platform} accepts it` },
  warn: { mark: "!", text: (platform) => `${platform} accepts it, with warnings` },
  reject: { mark: "✗", text: (platform) => `${platform} refuses it, or loses data` },
};

/** Kinds of files in words; others are shown by their names. */
const kinds = {
  snapshot: "a backup archive",
  "custom-dump": "a PostgreSQL dump in custom format",
  "bare-dump-gzip": "a PostgreSQL dump in custom format, compressed with gzip",
  "pg-tar": "a PostgreSQL dump in tar format",
  "pg-directory-toc": "the table of contents of a PostgreSQL dump in directory format",
  "plain-sql": "a PostgreSQL dump as SQL",
  "dumpall-sql": "the output of pg_dumpall",
  squidex: "a backup of Squidex",
  zip: "a zip file",
  tar: "a tar archive",
  "files-tar": "a tar archive of documents",
  "snapshot-in-folder": "a backup archive inside another folder",
  "mssql-backup": "a backup of SQL Server",
  hsqldb: "files of an HSQLDB database",
  unknown: "a file of an unknown kind",
};

const forms = {
  directory: "a PostgreSQL dump in directory format",
  tar: "a PostgreSQL dump in tar format",
  gzip: "a PostgreSQL dump, compressed with gzip",
  lz4: "a PostgreSQL dump, compressed with lz4",
  zstd: "a PostgreSQL dump, compressed with Zstandard",
};

function kindText(contents, form) {
  if (form) return forms[form] ?? `a PostgreSQL dump (${form})`;
  return kinds[contents.kind] ?? contents.kind.replaceAll("-", " ");
}

const countText = (count, one, many) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** A list of facts; those without a value are left out. */
function factsOf(pairs) {
  const list = make("dl");
  for (const [name, value] of pairs) {
    if (value !== null && value !== undefined && value !== "") list.append(make("dt", "", name), make("dd", "", value));
  }
  return list;
}

const parts = { full: "database and documents", "database-only": "the database only", "files-only": "documents only" };

function checkFacts(chosen, { report, form }) {
  const contents = report.contents;
  const files = contents.files;
  return factsOf([
    ["Kind", kindText(contents, form)],
    ["Size", sizeText(chosen.size)],
    ["Contents", contents.kind === "snapshot" ? parts[contents.contents] : null],
    ["Dump", contents.dump_version ? `archive version ${contents.dump_version}` : null],
    ["Documents", contents.documents ? contents.documents.toLocaleString() : null],
    ["Rows of the database", files ? `${files.present.toLocaleString()} of ${files.rows.toLocaleString()} have their document` : null],
    ["Read", contents.verified ? "to the last byte, and every checksum is right" : "not to the end"],
  ]);
}

function squidexFacts(chosen, { contents }) {
  const number = (value) => (typeof value === "number" ? value.toLocaleString() : null);
  return factsOf([
    ["Kind", kinds.squidex],
    ["Size", sizeText(chosen.size)],
    ["App", contents.app?.name],
    ["Version", number(contents.version)],
    ["Events", number(contents.events)],
    ["Asset files", contents.asset_files === undefined ? null : `${countText(contents.asset_files, "file", "files")}, ${sizeText(contents.asset_bytes)}`],
    ["Missing asset files", number(contents.asset_files_missing)],
  ]);
}

/** A bar chart: a list, each item with a label, a bar, and its value as text. */
function barsOf(label, bars) {
  const most = Math.max(...bars.map(({ bytes }) => bytes), 1);
  const list = make("ul", "bars");
  list.setAttribute("aria-label", label);
  for (const { name, bytes, text } of bars) {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", "0 0 1000 10");
    picture.setAttribute("preserveAspectRatio", "none");
    picture.setAttribute("aria-hidden", "true");
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("height", "10");
    // What exists is seen.
    bar.setAttribute("width", String(bytes === 0 ? 0 : Math.max(4, Math.round((bytes / most) * 1000))));
    picture.append(bar);
    list.append(make("li", "", make("span", "", name), picture, make("span", "value", text ?? sizeText(bytes))));
  }
  return list;
}

const classNames = ["less than 1 kB", "1 to 10 kB", "10 to 100 kB", "100 kB to 1 MB", "1 to 10 MB", "10 to 100 MB", "100 MB to 1 GB", "1 GB and more"];

/** The sizes of a backup as pictures. */
function sizesOf(chosen, { report, sizes }) {
  const contents = report.contents;
  const whole = [
    { name: chosen.isFolder ? "The folder" : "The file", bytes: chosen.size },
    { name: "Dump", bytes: contents.database_bytes },
    { name: "Data in the dump", bytes: contents.decompressed_bytes },
    { name: "Documents", bytes: contents.documents ? contents.document_bytes : null },
  ].filter(({ bytes }) => typeof bytes === "number");
  if (whole.length < 2) return [];
  const made = [make("h3", "", "Sizes"), barsOf("Sizes", whole)];
  const classes = (sizes?.classes ?? []).map(({ count, bytes }, number) => ({
    name: classNames[number],
    bytes,
    text: `${countText(count, "document", "documents")}, ${sizeText(bytes)}`,
    count,
  }));
  const used = classes.filter(({ count }) => count > 0);
  if (used.length > 0) made.push(make("h3", "", "Documents by size"), barsOf("Documents by size", used));
  const largest = sizes?.largest ?? [];
  if (largest.length > 1) {
    const list = make("ol", "documents");
    for (const { id, bytes } of largest) list.append(make("li", "", make("code", "", id), ` ${sizeText(bytes)}`));
    made.push(make("details", "", make("summary", "", "The largest documents"), list));
  }
  return made;
}

/** Offers a file that was made here. */
function saveButton(text, name, blob) {
  return button(text, `${text} (${name})`, () => {
    const link = make("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}

const saveJson = (name, value) =>
  saveButton("Save the report as JSON", name, new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }));

/** A list of documents: the first of them, and all to save. */
async function documentsOf(title, count, blob, name) {
  if (!count || !blob) return [];
  const SHOWN = 50;
  const text = await blob.slice(0, 37 * SHOWN).text();
  const list = make("ul", "documents");
  for (const id of text.split("\n").filter(Boolean)) list.append(make("li", "", make("code", "", id)));
  const shown = count > SHOWN ? `The first ${SHOWN} of ${count.toLocaleString()}` : `All ${count.toLocaleString()}`;
  return [
    make("h3", "", `${title}: ${count.toLocaleString()}`),
    make("details", "", make("summary", "", shown), list),
    make("p", "actions", saveButton("Save the list", name, blob)),
  ];
}
