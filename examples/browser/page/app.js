"use strict";

// One file at a time: chosen, examined, shown.

// Nothing but these may become markup or a program.
const markup = globalThis.trustedTypes?.createPolicy("page", { createHTML: (text) => text, createScriptURL: (url) => url }) ?? {
  createHTML: (text) => text,
  createScriptURL: (url) => url,
};
const workerUrl = URL.createObjectURL(new Blob([element("worker").textContent], { type: "text/javascript" }));

function embedded(id) {
  return once(async () => {
    const binary = atob(element(id).textContent.trim());
    return compile(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)));
  });
}

const checker = new Checker(() => new Worker(markup.createScriptURL(workerUrl)), {
  check: embedded("program-check"),
  squidex: embedded("program-squidex"),
  plan: embedded("program-plan"),
});

/** Above this time, a check is not repeated without being asked for. */
const REPEAT_MS = 3000;

let chosen = null;
let current = null;
let lastMs = 0;

/** The bytes of a size with a unit; null for no text, and NaN for a wrong one. */
function bytesOf(text) {
  if (text.trim() === "") return null;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*$/i.exec(text);
  if (!match) return NaN;
  const power = " kmgt".indexOf(match[2].toLowerCase() || " ");
  return Math.round(Number(match[1]) * (match[3] || !/b/i.test(text) ? 1024 : 1000) ** power);
}

function readOptions() {
  const targetBytes = bytesOf(element("target").value);
  const isWrong = Number.isNaN(targetBytes);
  element("target").setAttribute("aria-invalid", String(isWrong));
  element("target-error").textContent = isWrong ? "Write a size such as 10 GiB" : "";
  return isWrong ? null : { profile: element("profile").value, targetBytes };
}

function showProgress(text) {
  element("result").hidden = true;
  element("progress").hidden = false;
  element("progress-heading").textContent = text;
  element("bar").value = 0;
  element("status").textContent = "Starting";
}

/** Runs `work` with the progress of `examined`; null if it was cancelled. */
async function run(examined, start) {
  current?.cancel();
  const begun = performance.now();
  const onProgress = (progress) => {
    if (current !== job) return;
    const seconds = (performance.now() - begun) / 1000;
    element("bar").value = examined.size === 0 ? 1 : Math.min(1, progress.readBytes / examined.size);
    element("status").textContent = checkProgressText(progress, examined.size, seconds);
  };
  const job = start(onProgress);
  current = job;
  try {
    return await job.promise;
  } catch (error) {
    if (error instanceof Cancelled) return null;
    return { answer: { kind: "error", message: error.message } };
  } finally {
    lastMs = performance.now() - begun;
    if (current === job) {
      current = null;
      element("progress").hidden = true;
    }
  }
}

async function examine(next, options) {
  chosen = next;
  const settings = readOptions();
  if (!settings) {
    element("target").focus();
    return;
  }
  showProgress(`Checking ${next.name}`);
  announce(`Checking ${next.name}`);
  let isListing = false;
  try {
    isListing = !next.isFolder && (await mayBeListing(next.files[0].file));
  } catch {
    // The check reports that the file cannot be read.
  }
  if (isListing) {
    const planned = await run(next, (onProgress) => checker.plan(next, options ?? {}, onProgress));
    if (chosen !== next) return;
    if (!planned || planned.answer.kind !== "other") {
      await show(next, planned);
      return;
    }
    showProgress(`Checking ${next.name}`);
  }
  const checked = await run(next, (onProgress) => checker.check(next, settings, onProgress));
  if (chosen === next) await show(next, checked);
}

/** Shows a result: a class for its colour, one line that is also announced, and all the rest. */
async function show(examined, result) {
  if (!result) {
    announce(`The check of ${examined.name} was cancelled`);
    element("file").focus();
    return;
  }
  const { answer, lists, memoryBytes } = result;
  const made = { className: "", outcome: "", parts: [] };
  if (answer.kind === "check" || answer.kind === "squidex") {
    const { report } = answer;
    const verdict = verdicts[report.verdict];
    const platform = answer.kind === "squidex" ? "Squidex" : platformName();
    made.className = report.verdict;
    made.outcome = verdict.text(platform);
    made.parts.push(make("p", "outcome", `${verdict.mark} ${made.outcome}.`));
    made.parts.push(answer.kind === "check" ? checkFacts(examined, answer) : squidexFacts(examined, report));
    made.parts.push(make("h3", "", "Findings"), findingsOf(report));
    for (const advice of report.advice ?? []) made.parts.push(make("p", "quiet", `Note: ${advice}`));
    if (answer.kind === "check") {
      const isArchive = report.contents.kind === "snapshot";
      made.parts.push(
        ...(await documentsOf(isArchive ? "Missing documents" : "Documents that its rows need", answer.missing, lists["missing.txt"], `${examined.name}.missing.txt`)),
        ...(await documentsOf("Documents without a row", answer.orphans, lists["orphans.txt"], `${examined.name}.orphans.txt`)),
        ...sizesOf(examined, answer),
      );
    }
    made.parts.push(make("p", "actions", saveJson(`${examined.name}.report.json`, report)));
  } else if (answer.kind === "listing") {
    Object.assign(made, showListing(examined, answer, (options) => examine({ ...examined }, options), markup));
  } else {
    made.className = "reject";
    made.outcome = "The file could not be examined";
    made.parts.push(make("p", "outcome", `✗ ${made.outcome}.`), make("p", "", answer.message));
  }
  const section = element("result");
  section.className = `upload ${made.className}`;
  section.dataset.memoryBytes = memoryBytes ?? "";
  section.dataset.ms = Math.round(lastMs);
  element("result-heading").textContent = examined.name;
  element("report").replaceChildren(...made.parts);
  section.hidden = false;
  announce(`${examined.name}: ${made.outcome}`);
  element("result-heading").focus();
}

function platformName() {
  const select = element("profile");
  return select.value === "format" ? "Every reader" : select.selectedOptions[0].textContent;
}

/** Says why what was dropped cannot be checked. */
function refuse(name, message) {
  chosen = { name };
  show(chosen, { answer: { kind: "error", message } });
}

/** The files of a folder that was dropped. */
async function filesOf(folder) {
  const reader = folder.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries.filter(({ isFile }) => isFile)) {
      files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    }
  }
}

async function takeDrop(transfer) {
  const items = [...(transfer.items ?? [])].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.());
  if (transfer.files.length > 1) {
    refuse("Several files", "drop one file or one folder: each is checked by itself");
  } else if (entries[0]?.isDirectory) {
    takeFolder(entries[0].name, await filesOf(entries[0]));
  } else if (transfer.files.length === 1) {
    examine(chosenFile(transfer.files[0]));
  }
}

function takeFolder(name, files) {
  if (files.some((file) => /^toc\.dat(\.gz|\.lz4|\.zst)?$/.test(file.name))) examine(chosenFolder(name, files));
  else refuse(name, "this folder is no dump in directory format: it has no toc.dat. Pack a files folder with the command pack");
}

// ---- Wiring

const drop = element("drop");
const isFileDrag = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

// A file that misses the field must not replace the page.
for (const type of ["dragover", "drop"]) {
  window.addEventListener(type, (event) => {
    if (isFileDrag(event)) event.preventDefault();
  });
}
drop.addEventListener("dragover", () => drop.classList.add("over"));
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  drop.classList.remove("over");
  if (event.dataTransfer) takeDrop(event.dataTransfer);
});
element("file").addEventListener("change", ({ target }) => {
  if (target.files.length > 0) examine(chosenFile(target.files[0]));
  target.value = "";
});
element("folder").addEventListener("change", ({ target }) => {
  const files = [...target.files];
  if (files.length > 0) {
    const [name] = files[0].webkitRelativePath.split("/");
    takeFolder(name, files.filter((file) => file.webkitRelativePath.split("/").length === 2));
  }
  target.value = "";
});
element("cancel").addEventListener("click", () => current?.cancel());
element("options").addEventListener("submit", (event) => event.preventDefault());
element("options").addEventListener("change", () => {
  if (!readOptions() || !chosen?.files || element("result").hidden || current) return;
  if (lastMs < REPEAT_MS) {
    examine(chosen);
  } else {
    const again = button("Check again", `Check ${chosen.name} again with these options`, () => examine(chosen));
    element("report").prepend(make("p", "actions", "This is the result for other options. ", again));
  }
});
window.addEventListener("beforeunload", (event) => {
  if (current) event.preventDefault();
});
element("unsupported").hidden = typeof DecompressionStream === "function" && typeof WebAssembly === "object";
