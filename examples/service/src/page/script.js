"use strict";

// Uploads one file at a time, shows what the check found, and lists what is stored. What shows a report is in report.js.

const verdicts = {
  accept: { mark: "✓", short: "good", long: "Accepted and stored", before: "Good: it can be uploaded" },
  warn: { mark: "!", short: "with warnings", long: "Accepted and stored, with warnings", before: "It can be uploaded, with warnings" },
  reject: { mark: "✗", short: "refused", long: "Refused, nothing was stored", before: "Refused before the upload, nothing was sent" },
};

function contentsText(contents) {
  if (!contents) return "";
  const parts = [];
  if (contents.database_bytes) parts.push(`a dump of ${sizeText(contents.database_bytes)}`);
  if (contents.documents) parts.push(`${contents.documents.toLocaleString()} documents of ${sizeText(contents.document_bytes)}`);
  return parts.length === 0 ? "" : `Contents: ${parts.join(" and ")}. `;
}

// ---- Uploads

let maxUploadBytes = Infinity;
let profile = "";
const waiting = [];
let current = null;
/** Checks files here before they travel; null if the service has no programs for that. */
let checker = null;
/** The checks, one after the other. */
let checks = Promise.resolve();

function addUpload(file, isFolder) {
  const progress = make("progress");
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", `Upload of ${file.name}`);
  const status = make("p", "quiet", "Waiting for the uploads before it");
  const upload = { file, progress, status, item: make("li", "upload"), request: null };
  upload.cancel = button("Cancel", `Cancel the upload of ${file.name}`, () => cancelUpload(upload));
  upload.actions = make("div", "actions", upload.cancel);
  upload.item.append(make("div", "title", make("h3", "", file.name), upload.actions), progress, status);
  // After those that are not finished, before the results.
  element("uploads").insertBefore(upload.item, document.querySelector("#uploads > .finished"));
  if (isFolder) {
    end(upload, problem("this is a folder, not a snapshot", "pack it with the command pack, and upload the archive"));
  } else if (file.size > maxUploadBytes) {
    const message = `the file has ${sizeText(file.size)}, the service accepts ${sizeText(maxUploadBytes)}`;
    end(upload, problem(message, "start the service with a larger --max-upload-bytes"));
  } else if (checker) {
    checkHere(upload);
  } else {
    waiting.push(upload);
    startNext();
  }
}

/** Checks a file on this computer. Only a good one can be uploaded then. */
function checkHere(upload) {
  const { file, progress, status } = upload;
  status.textContent = "Waiting for the checks before it";
  upload.send = button("Upload", `Upload ${file.name}`, () => uploadChecked(upload));
  upload.send.disabled = true;
  upload.actions.prepend(upload.send);
  checks = checks.then(async () => {
    if (upload.isCancelled) return;
    announce(`Checking ${file.name} on this computer`);
    const begun = performance.now();
    upload.check = checker.check(chosenFile(file), { profile }, (done) => {
      progress.value = file.size === 0 ? 1 : Math.min(1, done.readBytes / file.size);
      const seconds = (performance.now() - begun) / 1000;
      status.textContent = `Checking on this computer: ${checkProgressText(done, file.size, seconds)}`;
    });
    try {
      showCheck(upload, (await upload.check.promise).answer);
    } catch (error) {
      if (!(error instanceof Cancelled)) showCheck(upload, { kind: "error", message: error.message });
    }
    upload.check = null;
  });
}

/** Shows the result of a check on this computer, and lets a good file be uploaded. */
function showCheck(upload, answer) {
  const { file, status } = upload;
  const isArchive = answer.kind === "check" && answer.report.contents.kind === "snapshot";
  if (answer.kind !== "error" && !isArchive && answer.report.verdict !== "reject") {
    const kind = answer.kind === "squidex" ? "a backup of Squidex" : `a bare database dump (${answer.report.contents.kind})`;
    const remedy = "pack a dump with the command pack --database FILE, and upload the archive";
    end(upload, { ...problem(`this is ${kind}, not a backup archive`, remedy), isUnsent: true });
    return;
  }
  if (answer.report?.verdict === "reject") {
    end(upload, { ...answer.report, isUnsent: true });
    return;
  }
  upload.progress.hidden = true;
  upload.shown = make("div");
  if (isArchive) {
    const verdict = verdicts[answer.report.verdict];
    upload.item.classList.add(answer.report.verdict);
    status.className = "outcome";
    status.textContent = `${verdict.mark} ${verdict.before}.`;
    upload.shown.append(make("p", "quiet", contentsText(answer.report.contents)), findingsOf(answer.report));
  } else {
    status.textContent = `The file could not be checked here: ${answer.message}. The service checks it after the upload.`;
  }
  upload.item.append(upload.shown);
  upload.send.disabled = false;
  announce(`${file.name}: ${status.textContent}`);
}

function uploadChecked(upload) {
  upload.send.remove();
  upload.shown.remove();
  upload.item.classList.remove("accept", "warn");
  upload.status.className = "quiet";
  upload.status.textContent = "Waiting for the uploads before it";
  upload.progress.value = 0;
  upload.progress.hidden = false;
  upload.cancel.focus();
  waiting.push(upload);
  startNext();
}

function cancelUpload(upload) {
  if (upload.request) {
    upload.request.abort();
    return;
  }
  upload.check?.cancel();
  upload.isCancelled = true;
  if (waiting.includes(upload)) waiting.splice(waiting.indexOf(upload), 1);
  cancelled(upload);
}

function cancelled(upload) {
  finish(upload);
  upload.status.textContent = "Cancelled, nothing was stored.";
  announce(`The upload of ${upload.file.name} was cancelled`);
}

/** Replaces the progress of an upload by a button that dismisses its result. */
function finish(upload) {
  upload.progress.remove();
  upload.send?.remove();
  upload.shown?.remove();
  upload.item.classList.remove("accept", "warn");
  upload.item.classList.add("finished");
  const hadFocus = document.activeElement === upload.cancel;
  const dismiss = button("Dismiss", `Dismiss the result of ${upload.file.name}`, () => {
    upload.item.remove();
    element("file").focus();
  });
  upload.cancel.replaceWith(dismiss);
  if (hadFocus) dismiss.focus();
}

async function startNext() {
  if (current || waiting.length === 0) return;
  const upload = waiting.shift();
  current = upload;
  upload.status.textContent = "Looking at its beginning";
  // What was checked here needs no second look.
  const refusal = upload.send ? null : await lookAtBeginning(upload.file);
  if (upload.isCancelled || refusal) {
    if (refusal && !upload.isCancelled) end(upload, refusal);
    current = null;
    startNext();
  } else {
    send(upload);
  }
}

const HEAD_BYTES = 65536;

/** Asks the service about the first bytes, so that a file that is no snapshot is refused before the rest travels. */
async function lookAtBeginning(file) {
  try {
    const response = await fetch("/identify", { method: "POST", body: await file.slice(0, HEAD_BYTES).arrayBuffer() });
    return response.status === 415 ? await response.json() : null;
  } catch {
    // The upload itself says what is wrong.
    return null;
  }
}

function send(upload) {
  const { file, progress, status } = upload;
  const request = new XMLHttpRequest();
  upload.request = request;
  const begun = performance.now();
  request.open("POST", `/snapshots?name=${encodeURIComponent(file.name)}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.addEventListener("progress", (event) => {
    const rate = event.loaded / Math.max(0.001, (performance.now() - begun) / 1000);
    progress.value = file.size === 0 ? 0 : event.loaded / file.size;
    const left = rate > 0 ? `, ${durationText((file.size - event.loaded) / rate)} left` : "";
    status.textContent = `${sizeText(event.loaded)} of ${sizeText(file.size)}, ${sizeText(Math.round(rate))}/s${left}`;
  });
  request.upload.addEventListener("load", () => {
    progress.removeAttribute("value");
    const since = performance.now();
    const tick = () => {
      const seconds = Math.round((performance.now() - since) / 1000);
      status.textContent = seconds > 1 ? `Checking the snapshot, since ${durationText(seconds)}` : "Checking the snapshot";
    };
    tick();
    upload.timer = setInterval(tick, 1000);
  });
  request.addEventListener("load", () => end(upload, answer(request)));
  request.addEventListener("error", () => {
    end(upload, problem("the connection to the service failed", "make sure that the service runs and that the file can be read, then upload it again"));
  });
  request.addEventListener("abort", () => cancelled(upload));
  request.addEventListener("loadend", () => {
    clearInterval(upload.timer);
    current = null;
    startNext();
  });
  status.textContent = "Starting";
  announce(`Uploading ${file.name}`);
  request.send(file);
}

/** What the service says about an upload, as a report. */
function answer(request) {
  let body = null;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    return problem(`the service answered with status ${request.status} and no report`, "look into its log");
  }
  if (body.report) return { ...body.report, isKnown: request.status === 200 };
  if (body.findings) return body;
  return problem(body.error ?? `the service answered with status ${request.status}`, "");
}

function end(upload, report) {
  const verdict = verdicts[report.verdict] ?? verdicts.reject;
  const outcome = report.isKnown ? "Good, and stored already" : report.isUnsent ? verdict.before : verdict.long;
  finish(upload);
  upload.item.classList.add(report.verdict);
  upload.status.className = "outcome";
  upload.status.textContent = `${verdict.mark} ${outcome}.`;
  const contents = contentsText(report.contents);
  if (contents) upload.item.append(make("p", "quiet", contents));
  upload.item.append(findingsOf(report));
  announce(`${upload.file.name}: ${outcome}`);
  if (report.verdict !== "reject") refresh();
}

async function addFiles(transfer) {
  const items = [...(transfer.items ?? [])].filter((item) => item.kind === "file");
  const folders = items.map((item) => item.webkitGetAsEntry?.()?.isDirectory ?? false);
  const files = [...transfer.files];
  // Only then it is known whether files can be checked here.
  await listed;
  files.forEach((file, number) => addUpload(file, folders[number] ?? false));
}

// ---- Stored snapshots

/** Returns what checks files here, with the programs of the service. */
function makeChecker() {
  const policy = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: (url) => url });
  const url = policy ? policy.createScriptURL("/worker.js") : "/worker.js";
  const load = async () => {
    const response = await fetch("/appsnap-check.wasm.gz");
    if (!response.ok) throw new Error(`the program could not be loaded: status ${response.status}`);
    return compile(await response.arrayBuffer());
  };
  return new Checker(() => new Worker(url), { check: once(load) });
}

async function refresh() {
  let stored;
  try {
    const response = await fetch("/snapshots");
    if (!response.ok) throw new Error(`status ${response.status}`);
    stored = await response.json();
  } catch (error) {
    announce(`The list of snapshots could not be loaded: ${error.message}`);
    return;
  }
  maxUploadBytes = stored.max_upload_bytes;
  profile = stored.profile;
  if (stored.page) checker ??= makeChecker();
  const where = stored.page ? "on this computer before it travels, and again by the service" : "by the service";
  element("rules").textContent =
    `A .tar.gz of up to ${sizeText(maxUploadBytes)}. It is checked with the profile ${profile} ${where}, and stored if it passes.`;
  element("check").hidden = !stored.page;
  element("live").hidden = !stored.live;
  element("empty").hidden = stored.snapshots.length > 0;
  element("table").hidden = stored.snapshots.length === 0;
  element("rows").replaceChildren(...stored.snapshots.map(row));
}

/** Creates a cell. On a narrow screen the label is shown, and the role keeps it a cell for screen readers. */
function cell(label, content, className) {
  const made = make("td", className, content);
  made.setAttribute("role", "cell");
  if (label) made.dataset.label = label;
  return made;
}

function row(snapshot) {
  const short = snapshot.id.slice(0, 12);
  const name = snapshot.name ?? `snapshot-${short}.tar.gz`;
  const verdict = verdicts[snapshot.verdict];
  const id = make("code", "", short);
  id.title = snapshot.id;
  const title = make("th", "", name, id);
  title.scope = "row";
  title.setAttribute("role", "rowheader");
  const download = make("a", "button", "Download");
  download.href = `/snapshots/${snapshot.id}`;
  download.download = name;
  download.setAttribute("aria-label", `Download ${name}`);
  const actions = make("div", "actions", download);
  const made = make("tr");
  made.setAttribute("role", "row");
  if (verdict) {
    const details = button("Details", `Findings of ${name}`, () => toggleDetails(snapshot, made, details));
    details.setAttribute("aria-expanded", "false");
    actions.append(details);
  }
  actions.append(button("Delete", `Delete ${name}`, () => confirmDelete(snapshot.id, name)));
  const when = snapshot.uploaded_at
    ? new Date(snapshot.uploaded_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })
    : "unknown";
  const check = make("span", `badge ${snapshot.verdict ?? ""}`, verdict ? `${verdict.mark} ${verdict.short}` : "unknown");
  made.append(
    title,
    cell("Uploaded", when),
    cell("Size", sizeText(snapshot.archive_bytes), "number"),
    cell("Documents", snapshot.documents?.toLocaleString() ?? "unknown", "number"),
    cell("Check", check),
    cell("", actions),
  );
  return made;
}

async function toggleDetails(snapshot, tableRow, control) {
  const isOpen = control.getAttribute("aria-expanded") === "true";
  control.setAttribute("aria-expanded", String(!isOpen));
  if (isOpen) {
    tableRow.nextElementSibling.remove();
    return;
  }
  const inside = cell("", "Loading");
  inside.colSpan = 6;
  const details = make("tr", "details", inside);
  details.setAttribute("role", "row");
  tableRow.after(details);
  try {
    const response = await fetch(`/snapshots/${snapshot.id}/report`);
    const facts = await response.json();
    if (!response.ok) throw new Error(facts.error);
    const documents = make("a", "", "List of documents");
    documents.href = `/snapshots/${snapshot.id}/documents`;
    inside.replaceChildren(
      make("p", "", contentsText(facts.report.contents), documents),
      make("p", "quiet", "SHA-256 of the stored archive: ", make("code", "", snapshot.id)),
      findingsOf(facts.report),
    );
  } catch (error) {
    inside.textContent = `The findings could not be loaded: ${error.message}`;
  }
}

let deleting = null;

function confirmDelete(id, name) {
  deleting = { id, name };
  element("confirm-text").textContent = `${name} is removed from the store. This cannot be undone.`;
  element("confirm").showModal();
  element("confirm-no").focus();
}

async function deleteConfirmed() {
  const { id, name } = deleting;
  element("confirm").close();
  try {
    const response = await fetch(`/snapshots/${id}`, { method: "DELETE" });
    if (!response.ok && response.status !== 404) throw new Error(`status ${response.status}`);
    announce(`${name} was deleted`);
  } catch (error) {
    announce(`${name} could not be deleted: ${error.message}`);
  }
  await refresh();
  element("list-heading").focus();
}

// ---- Health

async function showHealth() {
  const shown = element("health");
  let text;
  let isGood = false;
  try {
    const { store } = await (await fetch("/healthz")).json();
    const free = store.free_bytes === null ? "" : `, ${sizeText(store.free_bytes)} free`;
    isGood = store.writable && store.has_room;
    if (!store.writable) text = `The store cannot be written: ${store.error}`;
    else if (!store.has_room) text = `The store is full${free}`;
    else text = `Ready${free}`;
  } catch {
    text = "The service does not answer";
  }
  if (shown.textContent !== text) shown.textContent = text;
  shown.classList.toggle("bad", !isGood);
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
  if (event.dataTransfer) addFiles(event.dataTransfer);
});
element("file").addEventListener("change", (event) => {
  addFiles({ files: event.target.files });
  event.target.value = "";
});
element("confirm-no").addEventListener("click", () => element("confirm").close());
element("confirm-yes").addEventListener("click", deleteConfirmed);
window.addEventListener("beforeunload", (event) => {
  if (current) event.preventDefault();
});

const listed = refresh();
showHealth();
setInterval(showHealth, 30_000);
