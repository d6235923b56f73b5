import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";

const run = promisify(execFile);

/** A running crossframe server. */
export interface Serving {
  /** What it has written so far, both outputs. */
  readonly output: string;
  /** Waits until its output has the pattern, and returns the match. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it as an operator does, or with another signal, and waits until it has ended. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Returns a port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts the binary under test. */
export function crossframe(...args: readonly string[]): Serving {
  const child = spawn(inject("crossframe"), args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const listeners = new Set<() => void>();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const hear = (text: Buffer): void => {
    output += text.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.once("exit", () => hear(Buffer.from("\n(ended)\n")));
  return {
    get output() {
      return output;
    },
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output);
          if (!found && !output.endsWith("\n(ended)\n")) return;
          listeners.delete(look);
          if (found) resolve(found);
          else reject(new Error(`crossframe ${args.join(" ")} ended: ${output}`));
        };
        listeners.add(look);
        look();
      }),
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      await ended;
    },
  };
}

/** Serves a workspace as `crossframe serve --config` does. */
export async function serve(config: Readonly<Record<string, unknown>>): Promise<Serving> {
  const folder = await mkdtemp(join(tmpdir(), "crossframe-e2e-"));
  const file = join(folder, "crossframe.json");
  await writeFile(file, JSON.stringify({ opsListen: "", ...config }));
  const serving = crossframe("serve", "--config", file);
  await serving.says(/started/);
  return {
    ...serving,
    get output() {
      return serving.output;
    },
    stop: async () => {
      await serving.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** A license key for every port of hub.test that ended in 2020, and what it was signed with: no command issues such a key. */
const past = JSON.parse(await readFile(join(import.meta.dirname, "expired.json"), "utf8")) as { readonly key: string; readonly trusted: object };

/** An issuer of license keys, made by the commands that operators use. */
export interface Issuer {
  /** File with the public keys, for the configuration. */
  readonly trustedKeysFile: string;
  /** Issues a key; `more` are flags of `crossframe license issue`. */
  issue(origin: string, ...more: readonly string[]): Promise<string>;
  /** A key for the main page's origin that has expired. */
  readonly expired: string;
  /** The revocation list, which names nothing at first. */
  readonly revocationFile: string;
  /** Takes licenses back. */
  revoke(...ids: readonly string[]): Promise<void>;
  /** The file with the license key in use. */
  readonly keyFile: string;
  /** Puts another key in its place. */
  use(key: string): Promise<void>;
  close(): Promise<void>;
}

export async function issuer(): Promise<Issuer> {
  const binary = inject("crossframe");
  const folder = await mkdtemp(join(tmpdir(), "crossframe-keys-"));
  const signing = join(folder, "signing.json");
  const trustedKeysFile = join(folder, "trusted.json");
  const { stdout } = await run(binary, ["license", "keygen", "--out", signing, "--id", "e2e"]);
  await writeFile(trustedKeysFile, JSON.stringify([...(JSON.parse(stdout) as object[]), past.trusted]));
  const revocationFile = join(folder, "revoked");
  const revoke = async (...ids: readonly string[]): Promise<void> => {
    await run(binary, ["license", "revoke", "--key", signing, "--list", revocationFile, ...ids.map((id) => `--id=${id}`)]);
  };
  await revoke();
  const keyFile = join(folder, "license.key");
  return {
    trustedKeysFile,
    expired: past.key,
    revocationFile,
    revoke,
    keyFile,
    use: (key) => writeFile(keyFile, key),
    issue: async (origin, ...more) => {
      const args = ["license", "issue", "--key", signing, "--subject", "Tests", "--origin", origin, "--days", "60", ...more];
      return (await run(binary, args)).stdout.trim();
    },
    close: () => rm(folder, { recursive: true }),
  };
}
