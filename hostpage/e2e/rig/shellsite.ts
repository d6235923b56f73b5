import { mkdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { build } from "esbuild";
import { buildDir } from "./chromium.js";
import type { Site } from "./sites.js";

/** The policy that the broker sends with the main page. Only the origins of frames differ. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "frame-src http://*.test:*",
  "style-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types hub-worker",
].join("; ");

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** Bundles a page's script with the style sheet of the main page and serves both under its real policy. */
export async function shellSite(entry: string): Promise<Site> {
  const source = join(import.meta.dirname, "../..");
  const out = join(buildDir, "e2e", "shell");
  await mkdir(out, { recursive: true });
  await build({
    entryPoints: { main: entry, workspace: join(source, "workspace.css") },
    outdir: out,
    bundle: true,
    format: "esm",
    target: "es2023",
    minify: true,
    logLevel: "warning",
  });
  const html = await readFile(join(source, "index.html"));
  return async (path) => {
    const headers = {
      "Content-Security-Policy": pagePolicy,
      "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "strict-origin",
      "Content-Type": types[path === "/" ? ".html" : extname(path)] ?? "application/octet-stream",
    };
    if (path === "/") return { headers, body: html };
    if (!/^\/(main\.js|workspace\.css)$/.test(path)) return undefined;
    return { headers, body: await readFile(join(out, path)) };
  };
}
