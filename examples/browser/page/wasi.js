"use strict";

// The part of WASI (preview 1) that the programs need: arguments, standard streams, and a file system of three folders.
// /input has what a person chose, /spool takes temporary files, /output takes results. Nothing else exists: no network, no
// environment.
//
// A source of bytes is { size, read(from, to) }, where read returns an Uint8Array.

/** Thrown when a program ends itself. */
class Exit extends Error {
  constructor(code) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

const ERRNO = { success: 0, badf: 8, exist: 20, inval: 28, io: 29, isdir: 31, noent: 44, nosys: 52, notdir: 54, rofs: 69 };
const TYPE = { unknown: 0, character: 2, directory: 3, regular: 4 };
const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 };
/** Slices of this length are read ahead, and parts of this length are kept. */
const PART_BYTES = 1 << 20;

/** A file that a person chose. */
class InputFile {
  constructor(source) {
    this.source = source;
    this.isWritable = false;
    this.cache = new Uint8Array(0);
    this.cachedAt = 0;
  }

  get size() {
    return this.source.size;
  }

  /** Copies bytes at an offset to `target`, and returns their number. */
  read(at, target) {
    let from = at - this.cachedAt;
    if (from < 0 || from >= this.cache.length) {
      if (at >= this.size) return 0;
      this.cache = this.source.read(at, Math.min(this.size, at + PART_BYTES));
      if (this.cache.length === 0) throw new Error("the file ends earlier than it did");
      this.cachedAt = at;
      from = 0;
    }
    const part = this.cache.subarray(from, from + target.length);
    target.set(part);
    return part.length;
  }
}

/** A file that a program writes: parts that the environment keeps, and the end. */
class WrittenFile {
  constructor(keep) {
    this.keep = keep;
    this.isWritable = true;
    this.truncate();
  }

  truncate() {
    this.parts = [];
    this.tail = new Uint8Array(PART_BYTES);
    this.tailLength = 0;
  }

  get size() {
    return this.parts.length * PART_BYTES + this.tailLength;
  }

  write(at, bytes) {
    // The programs write files from front to back.
    if (at !== this.size) throw new Error("files are written from front to back");
    let rest = bytes;
    while (rest.length > 0) {
      const part = rest.subarray(0, PART_BYTES - this.tailLength);
      this.tail.set(part, this.tailLength);
      this.tailLength += part.length;
      rest = rest.subarray(part.length);
      if (this.tailLength === PART_BYTES) {
        this.parts.push(new InputFile(this.keep(this.tail)));
        this.tail = new Uint8Array(PART_BYTES);
        this.tailLength = 0;
      }
    }
    return bytes.length;
  }

  read(at, target) {
    const number = Math.floor(at / PART_BYTES);
    const offset = at - number * PART_BYTES;
    if (number < this.parts.length) {
      const part = this.parts[number];
      const count = part.read(offset, target);
      // One part in memory is enough.
      if (this.lastPart && this.lastPart !== part) this.lastPart.cache = new Uint8Array(0);
      this.lastPart = part;
      return count;
    }
    const part = this.tail.subarray(offset, Math.min(this.tailLength, offset + target.length));
    target.set(part);
    return part.length;
  }
}

/** The text of a stream. */
class Stream {
  constructor(onBytes) {
    this.onBytes = onBytes;
    this.isStream = true;
  }
}

/**
 * Runs a program to its end, and returns { exitCode, stdout, outputs, memoryBytes }.
 *
 * `inputs` maps paths below /input to sources, `keep` keeps a part of a temporary file and returns a source of it, `onRead`
 * receives the offset up to which an input was read, and `onPhase` each line of standard error.
 */
function runWasi(module, { args, inputs, keep, onRead = () => {}, onPhase = () => {} }) {
  const files = new Map(Object.entries(inputs).map(([path, source]) => [path, new InputFile(source)]));
  const folders = new Set(["", "input", "spool", "output"]);
  for (const path of files.keys()) {
    const parts = path.split("/");
    for (let count = 1; count < parts.length; count += 1) folders.add(parts.slice(0, count).join("/"));
  }
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const stdout = [];
  let line = "";
  const onError = (bytes) => {
    const lines = (line + decoder.decode(bytes)).split("\n");
    line = lines.pop();
    lines.forEach(onPhase);
  };
  const descriptors = new Map([
    [0, new Stream(() => {})],
    [1, new Stream((bytes) => stdout.push(bytes.slice()))],
    [2, new Stream(onError)],
    [3, { folder: "" }],
  ]);
  let nextDescriptor = 4;
  let memory;
  const view = () => new DataView(memory.buffer);
  const bytesAt = (pointer, length) => new Uint8Array(memory.buffer, pointer, length);
  const textAt = (pointer, length) => decoder.decode(bytesAt(pointer, length));

  function pathBelow(descriptor, pointer, length) {
    const folder = descriptors.get(descriptor)?.folder;
    const names = `${folder ?? ""}/${textAt(pointer, length)}`.split("/").filter((name) => name && name !== ".");
    return names.includes("..") ? null : names.join("/");
  }

  /** The parts of memory that a vector of pointers and lengths names. */
  function* vectors(pointer, count) {
    for (let number = 0; number < count; number += 1) {
      const at = pointer + 8 * number;
      yield bytesAt(view().getUint32(at, true), view().getUint32(at + 4, true));
    }
  }

  function transfer(descriptor, pointer, count, at, result, move) {
    let done = 0;
    for (const part of vectors(pointer, count)) {
      const moved = move(part, at + done);
      done += moved;
      if (moved < part.length) break;
    }
    view().setUint32(result, done, true);
    return done;
  }

  function strings(list) {
    const encoded = list.map((text) => encoder.encode(`${text}\0`));
    return { encoded, length: encoded.reduce((sum, bytes) => sum + bytes.length, 0) };
  }

  function sizes({ encoded, length }, countPointer, lengthPointer) {
    view().setUint32(countPointer, encoded.length, true);
    view().setUint32(lengthPointer, length, true);
    return ERRNO.success;
  }

  function store({ encoded }, pointers, bytes) {
    let at = bytes;
    encoded.forEach((text, number) => {
      view().setUint32(pointers + 4 * number, at, true);
      bytesAt(at, text.length).set(text);
      at += text.length;
    });
    return ERRNO.success;
  }

  function stat(pointer, type, size) {
    bytesAt(pointer, 64).fill(0);
    view().setUint8(pointer + 16, type);
    view().setBigUint64(pointer + 24, 1n, true);
    view().setBigUint64(pointer + 32, BigInt(size), true);
    return ERRNO.success;
  }

  const argv = strings(args);
  const environment = strings([]);
  const system = {
    args_sizes_get: (count, length) => sizes(argv, count, length),
    args_get: (pointers, bytes) => store(argv, pointers, bytes),
    environ_sizes_get: (count, length) => sizes(environment, count, length),
    environ_get: (pointers, bytes) => store(environment, pointers, bytes),
    clock_time_get: (id, precision, result) => {
      view().setBigUint64(result, BigInt(Date.now()) * 1_000_000n, true);
      return ERRNO.success;
    },
    random_get: (pointer, length) => {
      crypto.getRandomValues(bytesAt(pointer, length));
      return ERRNO.success;
    },
    proc_exit: (code) => {
      throw new Exit(code);
    },
    sched_yield: () => ERRNO.success,
    fd_prestat_get: (descriptor, result) => {
      if (descriptor !== 3) return ERRNO.badf;
      view().setUint32(result, 0, true);
      view().setUint32(result + 4, 1, true);
      return ERRNO.success;
    },
    fd_prestat_dir_name: (descriptor, pointer) => {
      if (descriptor !== 3) return ERRNO.badf;
      bytesAt(pointer, 1)[0] = 0x2f;
      return ERRNO.success;
    },
    fd_fdstat_get: (descriptor, result) => {
      const open = descriptors.get(descriptor);
      if (!open) return ERRNO.badf;
      bytesAt(result, 24).fill(0);
      view().setUint8(result, open.isStream ? TYPE.character : open.file ? TYPE.regular : TYPE.directory);
      view().setBigUint64(result + 8, ~0n & 0xffffffffffffffffn, true);
      view().setBigUint64(result + 16, ~0n & 0xffffffffffffffffn, true);
      return ERRNO.success;
    },
    fd_filestat_get: (descriptor, result) => {
      const open = descriptors.get(descriptor);
      if (!open) return ERRNO.badf;
      if (open.isStream) return stat(result, TYPE.character, 0);
      return open.file ? stat(result, TYPE.regular, open.file.size) : stat(result, TYPE.directory, 0);
    },
    path_filestat_get: (descriptor, flags, pointer, length, result) => {
      const path = pathBelow(descriptor, pointer, length);
      if (files.has(path)) return stat(result, TYPE.regular, files.get(path).size);
      return folders.has(path) ? stat(result, TYPE.directory, 0) : ERRNO.noent;
    },
    path_open: (descriptor, lookup, pointer, length, flags, rights, inherited, fdFlags, result) => {
      const path = pathBelow(descriptor, pointer, length);
      let open = null;
      if (files.has(path)) {
        if (flags & OPEN.directory) return ERRNO.notdir;
        if (flags & OPEN.exclusive) return ERRNO.exist;
        const file = files.get(path);
        if (flags & OPEN.truncate) {
          if (!file.isWritable) return ERRNO.rofs;
          file.truncate();
        }
        open = { file, at: 0 };
      } else if (folders.has(path)) {
        if (flags & OPEN.create) return ERRNO.isdir;
        open = { folder: path };
      } else {
        if (!(flags & OPEN.create)) return ERRNO.noent;
        if (!path || !/^(spool|output)\/[^/]+$/.test(path)) return ERRNO.rofs;
        const file = new WrittenFile(keep);
        files.set(path, file);
        open = { file, at: 0 };
      }
      descriptors.set(nextDescriptor, open);
      view().setUint32(result, nextDescriptor, true);
      nextDescriptor += 1;
      return ERRNO.success;
    },
    path_unlink_file: (descriptor, pointer, length) => {
      const path = pathBelow(descriptor, pointer, length);
      if (!files.get(path)?.isWritable) return files.has(path) ? ERRNO.rofs : ERRNO.noent;
      // What has it open goes on.
      files.delete(path);
      return ERRNO.success;
    },
    fd_close: (descriptor) => (descriptors.delete(descriptor) ? ERRNO.success : ERRNO.badf),
    fd_read: (descriptor, pointer, count, result) => {
      const open = descriptors.get(descriptor);
      if (open?.isStream) {
        view().setUint32(result, 0, true);
        return ERRNO.success;
      }
      if (!open?.file) return ERRNO.badf;
      open.at += transfer(descriptor, pointer, count, open.at, result, (part, at) => open.file.read(at, part));
      if (!open.file.isWritable) onRead(open.at);
      return ERRNO.success;
    },
    fd_pread: (descriptor, pointer, count, at, result) => {
      const open = descriptors.get(descriptor);
      if (!open?.file) return ERRNO.badf;
      transfer(descriptor, pointer, count, Number(at), result, (part, from) => open.file.read(from, part));
      return ERRNO.success;
    },
    fd_write: (descriptor, pointer, count, result) => {
      const open = descriptors.get(descriptor);
      if (open?.isStream) {
        transfer(descriptor, pointer, count, 0, result, (part) => {
          open.onBytes(part);
          return part.length;
        });
        return ERRNO.success;
      }
      if (!open?.file?.isWritable) return ERRNO.badf;
      open.at += transfer(descriptor, pointer, count, open.at, result, (part, at) => open.file.write(at, part));
      return ERRNO.success;
    },
    fd_seek: (descriptor, offset, whence, result) => {
      const open = descriptors.get(descriptor);
      if (!open?.file) return ERRNO.badf;
      const base = [0, open.at, open.file.size][whence];
      const at = base + Number(offset);
      if (!(at >= 0)) return ERRNO.inval;
      open.at = at;
      view().setBigUint64(result, BigInt(at), true);
      return ERRNO.success;
    },
    fd_readdir: (descriptor, pointer, length, cookie, result) => {
      const folder = descriptors.get(descriptor)?.folder;
      if (folder === undefined) return ERRNO.badf;
      const begin = folder === "" ? "" : `${folder}/`;
      const inside = (path) => path.startsWith(begin) && path !== folder && !path.slice(begin.length).includes("/");
      const names = [...files.keys(), ...folders].filter(inside);
      let at = 0;
      for (let number = Number(cookie); number < names.length && at < length; number += 1) {
        const name = encoder.encode(names[number].slice(begin.length));
        const entry = new Uint8Array(24 + name.length);
        const entryView = new DataView(entry.buffer);
        entryView.setBigUint64(0, BigInt(number + 1), true);
        entryView.setUint32(16, name.length, true);
        entryView.setUint8(20, files.has(names[number]) ? TYPE.regular : TYPE.directory);
        entry.set(name, 24);
        const part = entry.subarray(0, length - at);
        bytesAt(pointer + at, part.length).set(part);
        at += part.length;
      }
      view().setUint32(result, at, true);
      return ERRNO.success;
    },
  };
  // What a program could call and never does.
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = system[name] ?? (() => ERRNO.nosys);
  }
  const instance = new WebAssembly.Instance(module, imports);
  memory = instance.exports.memory;
  let exitCode = 0;
  try {
    instance.exports._start();
  } catch (error) {
    if (!(error instanceof Exit)) {
      error.message = [line, error.message].filter(Boolean).join(": ");
      throw error;
    }
    exitCode = error.code;
  }
  const outputs = {};
  for (const [path, file] of files) {
    if (path.startsWith("output/")) outputs[path.slice("output/".length)] = file;
  }
  const text = stdout.map((bytes) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode();
  return { exitCode, stdout: text, outputs, memoryBytes: memory.buffer.byteLength };
}

globalThis.runWasi = runWasi;
