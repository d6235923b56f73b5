import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { out } from "../lib/build.mjs";

/** P6: what travels, in kB of 1000 bytes. */
const files = [
  { file: "hub.wasm", name: "hub.wasm, brotli, kB", limit: 700, pack: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }) },
  { file: "client.js", name: "client library with everything, gzip, kB", limit: 10, pack: (bytes) => gzipSync(bytes, { level: 9 }) },
  { file: "core.js", name: "client library's core, gzip, kB", limit: 5, pack: (bytes) => gzipSync(bytes, { level: 9 }) },
];

export async function sizes({ report }) {
  for (const { file, name, limit, pack } of files) {
    report({ id: "P6", name, value: pack(readFileSync(join(out, file))).length / 1000, limit, baseline: "none" });
  }
}
