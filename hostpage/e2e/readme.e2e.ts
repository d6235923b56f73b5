import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Frame, Page } from "playwright-core";
import { demoRig } from "./rig/demo.js";
import type { DemoRig } from "./rig/demo.js";
import { serveSites } from "./rig/sites.js";
import type { Sites } from "./rig/sites.js";

// The README's own text, run: whoever copies its snippets has a working app. Only addresses are replaced.

const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");

/** Returns the code of the README that holds a text, in a language. */
function snippet(language: string, holds: string): string {
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, code]) => code ?? "");
  const found = blocks.filter((code) => code.includes(holds));
  expect(found.length, `snippets in ${language} with ${holds}`).toBe(1);
  return found[0] ?? "";
}

declare global {
  interface Window {
    /** What npm's snippet connected. */
    connected?: { readonly me: { readonly app: string } };
  }
}

let rig: DemoRig;
let sites: Sites;
let folder: string;
let page: Page;
const pages = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "crossframe-readme-"));
  sites = await serveSites((host) => (path) => {
    const body = host === "localhost" ? pages.get(path) : undefined;
    return body === undefined ? undefined : { headers: { "Content-Type": path.endsWith(".js") ? "text/javascript" : "text/html" }, body };
  });
  const definition = snippet("yaml", "name: my-app").replace("http://localhost:5173/", `${sites.origin("localhost")}/`);
  await writeFile(join(folder, "my-app.yaml"), definition);
  rig = await demoRig("--apps", join(folder, "my-app.yaml"));
  page = await rig.open();
});
afterAll(async () => {
  await rig.close();
  await sites.close();
  await rm(folder, { recursive: true });
});

/** Starts the app of the README, waits until it is connected, and returns its frame. */
async function start(): Promise<Frame> {
  const attached = page.waitForEvent("frameattached", { predicate: (f) => f.parentFrame() === page.mainFrame() });
  await page.evaluate(() => window.crossframe!.hub.apps.start("my-app"));
  return attached;
}

test("the script tag: it follows, offers, calls, and shares", async () => {
  pages.set("/", snippet("html", "/client/v1/client.js").replaceAll("http://localhost:8080", rig.hub));
  const frame = await start();
  const answer = await page.evaluate(() => window.crossframe!.hub.interop.invoke("my-app.greet", { name: "Ann" }, { wait: 5_000 }));
  expect(answer).toBe("Hello, Ann");
  await page.evaluate(() => window.crossframe!.hub.contexts.update("customer", { id: "4712", name: "Somebody" }));
  await expect.poll(() => frame.locator("#name").textContent()).toBe("Somebody");
  await expect.poll(() => frame.locator("#contracts").textContent()).toMatch(/^\d+ contracts$/);
  await expect.poll(() => page.evaluate(() => window.crossframe!.hub.contexts.get("my-app.seen"))).toMatchObject({ 4712: true });
});

test("npm: the same with a bundler, and with the hubs that it trusts", async () => {
  const source = snippet("ts", '"@crossframe/client"').replace("https://desk.example.com", rig.hub);
  const { outputFiles } = await build({
    stdin: { contents: `${source}\nwindow.connected = hub;`, loader: "ts", resolveDir: import.meta.dirname },
    tsconfigRaw: {},
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  pages.set("/app.js", outputFiles[0]?.text ?? "");
  pages.set("/", `<!doctype html><script type="module" src="/app.js"></script>`);
  const frame = await start();
  await frame.waitForFunction(() => window.connected !== undefined);
  expect(await frame.evaluate(() => window.connected?.me.app)).toBe("my-app");
});
