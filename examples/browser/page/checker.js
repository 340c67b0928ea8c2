"use strict";

// Checks a file on this computer, in a worker. Nothing is sent anywhere.

/** The longest file that is taken for a listing of backups. */
const MAX_LISTING_BYTES = 8 << 20;

/** Thrown when a check is cancelled. */
class Cancelled extends Error {}

/**
 * Returns `true` for a short text that begins as listings do. A dump is none, also one in SQL: the check says what it is.
 */
async function mayBeListing(file) {
  if (file.size > MAX_LISTING_BYTES) return false;
  const head = new Uint8Array(await file.slice(0, 4096).arrayBuffer());
  return !head.includes(0) && !(head[0] === 0x1f && head[1] === 0x8b);
}

/** Returns `true` for a file that begins as zip files do, which a backup of Squidex is. */
async function mayBeSquidex({ files, isFolder }) {
  if (isFolder) return false;
  try {
    const head = new Uint8Array(await files[0].file.slice(0, 2).arrayBuffer());
    return head[0] === 0x50 && head[1] === 0x4b;
  } catch {
    // The check reports that the file cannot be read.
    return false;
  }
}

/**
 * Runs programs over chosen files. `startWorker` returns a new worker, `programs` has a function for each program that
 * returns a promise of its module.
 */
class Checker {
  constructor(startWorker, programs) {
    this.startWorker = startWorker;
    this.programs = programs;
  }

  /**
   * Runs a program, and returns a promise of { answer, lists, memoryBytes } and a function that cancels it.
   *
   * `files` are { path, file }, below /input; one without a folder is the input itself.
   */
  run(name, files, request, onProgress = () => {}) {
    let cancel;
    const promise = (async () => {
      const cancelled = new Promise((_, reject) => {
        cancel = () => reject(new Cancelled("cancelled"));
      });
      const module = await Promise.race([this.programs[name](), cancelled]);
      const worker = this.startWorker();
      const done = new Promise((resolve, reject) => {
        worker.addEventListener("message", ({ data }) => {
          if (data.progress) onProgress(data.progress);
          else if (data.failure) reject(new Error(data.failure));
          else resolve(data);
        });
        worker.addEventListener("error", (event) => reject(new Error(event.message || "the worker failed")));
        worker.postMessage({ module, files, name, request });
      });
      try {
        return await Promise.race([done, cancelled]);
      } finally {
        worker.terminate();
      }
    })();
    return { promise, cancel: () => cancel() };
  }

  /** Checks a backup as a platform does. */
  check(chosen, { profile, targetBytes = null }, onProgress) {
    const request = {
      path: `/${chosen.path}`,
      profile,
      target_database_bytes: targetBytes,
      missing: "/output/missing.txt",
      orphans: "/output/orphans.txt",
      spool_dir: "/spool",
    };
    let isCancelled = false;
    let running = null;
    const run = (name) => {
      if (isCancelled) throw new Cancelled("cancelled");
      running = this.run(name, chosen.files, request, onProgress);
      return running.promise;
    };
    const promise = (async () => {
      // A service that takes no such backups has no program for them.
      if (this.programs.squidex && (await mayBeSquidex(chosen))) {
        const examined = await run("squidex");
        if (examined.answer.kind !== "other") return examined;
      }
      return run("check");
    })();
    const cancel = () => {
      isCancelled = true;
      running?.cancel();
    };
    return { promise, cancel };
  }

  /** Plans the retention of a listing. */
  plan(chosen, { policy = null, zone = null }, onProgress) {
    const request = { path: `/${chosen.path}`, policy, zone, now: new Date().toISOString() };
    return this.run("plan", chosen.files, request, onProgress);
  }
}

/** A chosen file, as the programs see it. */
function chosenFile(file) {
  // The name is of no interest to a program, and may hold anything.
  return { path: "input/file", name: file.name, size: file.size, files: [{ path: "input/file", file }] };
}

/** A chosen folder: the files in it, without those in folders below it. */
function chosenFolder(name, files) {
  const list = files.map((file) => ({ path: `input/folder/${file.name}`, file }));
  return { path: "input/folder", name, size: files.reduce((sum, file) => sum + file.size, 0), files: list, isFolder: true };
}

/** Decompresses and compiles a program. */
async function compile(bytes) {
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(plain).arrayBuffer());
}

/** Returns a function that calls `make` once, again only if it failed. */
function once(make) {
  let made = null;
  return () => {
    made ??= make().catch((error) => {
      made = null;
      throw error;
    });
    return made;
  };
}
