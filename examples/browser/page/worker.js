"use strict";

// Runs one program over one file, and ends. Reading is synchronous here, so the page ends the worker to cancel.

/** Progress is reported this often. */
const STEP_MS = 100;

const reader = new FileReaderSync();
const sourceOf = (blob) => ({
  size: blob.size,
  read: (from, to) => new Uint8Array(reader.readAsArrayBuffer(blob.slice(from, to))),
});

self.addEventListener("message", ({ data: { module, files, name, request } }) => {
  let phase = "";
  let reportedAt = 0;
  let furthest = 0;
  const report = (readBytes) => {
    furthest = Math.max(furthest, readBytes);
    const now = performance.now();
    if (now - reportedAt < STEP_MS) return;
    reportedAt = now;
    self.postMessage({ progress: { readBytes: furthest, phase } });
  };
  try {
    const result = runWasi(module, {
      args: [name, JSON.stringify(request)],
      inputs: Object.fromEntries(files.map(({ path, file }) => [path, sourceOf(file)])),
      // A browser moves large blobs to the disk.
      keep: (bytes) => sourceOf(new Blob([bytes])),
      onRead: report,
      onPhase: (text) => {
        phase = text;
        reportedAt = 0;
        report(furthest);
      },
    });
    const lists = Object.fromEntries(
      Object.entries(result.outputs).map(([path, file]) => {
        const bytes = new Uint8Array(file.size);
        for (let at = 0; at < bytes.length; ) at += file.read(at, bytes.subarray(at));
        return [path, new Blob([bytes], { type: "text/plain" })];
      }),
    );
    self.postMessage({ answer: JSON.parse(result.stdout), lists, memoryBytes: result.memoryBytes });
  } catch (error) {
    self.postMessage({ failure: `${error.name}: ${error.message}` });
  }
});
