import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { buildDir } from "./chromium.js";
import type { Answer, Site } from "./sites.js";

/**
 * The apps of the tests. canary and echo use the client library as npm delivers it, raw
 * speaks the wire by hand and does whatever it is told to.
 */
export type AppKind = "canary" | "echo" | "raw";

const source = join(import.meta.dirname, "../apps");
const out = join(buildDir, "e2e", "apps");

/** Bundles the apps that have modules. They take @crossframe/client from its package, as any other app does. */
export async function buildApps(): Promise<void> {
  await build({
    entryPoints: ["canary", "echo", "raw"].map((kind) => join(source, kind, "app.ts")),
    outbase: source,
    outdir: out,
    bundle: true,
    format: "esm",
    target: "es2022",
    // Not this package's paths, which lead to the library's sources.
    tsconfigRaw: {},
    logLevel: "warning",
  });
}

/** A script. Module scripts of documents without an origin are loaded across origins, from wherever they are. */
const script = (body: Uint8Array): Answer => ({
  headers: { "Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*" },
  body,
});

/** Serves an app of a kind. What its server does otherwise goes by the path. */
export function appOf(kind: AppKind, hub: string): Site {
  const html = async (headers: Readonly<Record<string, string>> = {}): Promise<Answer> => {
    const text = await readFile(join(source, kind, "index.html"), "utf8");
    return { headers, body: text.replaceAll("__HUB_ORIGIN__", hub) };
  };
  return async (path, request) => {
    switch (path) {
      case "/":
      case "/again":
        return html();
      case "/app.js":
        return script(await readFile(join(out, kind, "app.js")));
      case "/keeper.js":
        return kind === "raw" ? script(await readFile(join(source, kind, "keeper.js"))) : undefined;
      case "/refuses":
        return html({ "X-Frame-Options": "DENY" });
      case "/ancestors":
        return html({ "Content-Security-Policy": "frame-ancestors 'none'" });
      case "/coop":
        return html({ "Cross-Origin-Opener-Policy": "same-origin" });
      case "/leaves": {
        const to = new URL(request.url ?? "/", "http://any.test").searchParams.get("to") ?? "/";
        return { status: 302, headers: { Location: to } };
      }
      case "/silent":
        return { body: "<!doctype html><title>Silent</title><p>This page greets nobody." };
      default:
        return undefined;
    }
  };
}
