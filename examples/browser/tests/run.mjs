// Runs the built programs over files, with Node: what the page does in a worker.
//
//   node run.mjs PAGE < REQUESTS > ANSWERS
//
// PAGE is the folder that `build` made. Each line of REQUESTS is {"program", "path", "request"}, and each line of ANSWERS is
// {"answer", "exit_code", "memory_bytes", "ms", "cpu_ms", "missing", "orphans"}, or {"failure"}.
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import "../page/wasi.js";

const page = process.argv[2];
const modules = new Map();

function moduleOf(program) {
  if (!modules.has(program)) {
    modules.set(program, new WebAssembly.Module(gunzipSync(readFileSync(`${page}/appsnap-${program}.wasm.gz`))));
  }
  return modules.get(program);
}

const sourceOfBytes = (bytes) => ({ size: bytes.length, read: (from, to) => bytes.subarray(from, to) });

function sourceOfFile(path, opened) {
  const file = openSync(path);
  opened.push(file);
  const buffer = Buffer.alloc(1 << 20);
  return {
    size: statSync(path).size,
    read: (from, to) => buffer.subarray(0, readSync(file, buffer, 0, to - from, from)),
  };
}

function textOf(file) {
  if (!file) return null;
  const bytes = new Uint8Array(file.size);
  for (let at = 0; at < bytes.length; ) at += file.read(at, bytes.subarray(at));
  return new TextDecoder().decode(bytes);
}

/** Returns the programs to try, as the page does: the first whose answer is not "other" counts. */
function programsFor(program, path) {
  if (program !== "check" || statSync(path).isDirectory()) return [program];
  const opened = [];
  const head = sourceOfFile(path, opened).read(0, 2);
  const isZip = head[0] === 0x50 && head[1] === 0x4b;
  opened.forEach((file) => closeSync(file));
  return isZip ? ["squidex", "check"] : ["check"];
}

function run({ program, path, request }) {
  let result;
  for (const name of programsFor(program, path)) {
    result = runOne(name, path, request);
    if (result.answer?.kind !== "other") break;
  }
  return result;
}

function runOne(program, path, request) {
  const opened = [];
  try {
    const isFolder = statSync(path).isDirectory();
    const inputs = isFolder
      ? Object.fromEntries(readdirSync(path).map((name) => [`input/folder/${name}`, sourceOfFile(`${path}/${name}`, opened)]))
      : { "input/file": sourceOfFile(path, opened) };
    const begun = performance.now();
    const cpu = process.cpuUsage();
    const { exitCode, stdout, outputs, memoryBytes } = runWasi(moduleOf(program), {
      args: [program, JSON.stringify({ path: isFolder ? "/input/folder" : "/input/file", ...request })],
      inputs,
      keep: (bytes) => sourceOfBytes(bytes),
    });
    const ms = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    return {
      answer: JSON.parse(stdout),
      exit_code: exitCode,
      memory_bytes: memoryBytes,
      ms,
      cpu_ms: (user + system) / 1000,
      missing: textOf(outputs["missing.txt"]),
      orphans: textOf(outputs["orphans.txt"]),
    };
  } catch (error) {
    return { failure: `${path}: ${error.stack}` };
  } finally {
    opened.forEach((file) => closeSync(file));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(run(JSON.parse(line)))}\n`);
}
