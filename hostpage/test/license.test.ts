import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";

import type { TrustedKey } from "@crossframe/protocol";
import { openLicense } from "../src/runtime/license.js";

interface Vector {
  readonly why: string;
  readonly key: string;
  readonly trusted: readonly TrustedKey[];
  readonly claims: string;
  readonly pages: readonly { readonly origin: string; readonly opens: boolean; readonly code: string }[];
}

/** Made and read by the tests of protocol/license/sealed, so that both agree. */
const { cases } = JSON.parse(readFileSync(new URL("../../protocol/testdata/license.json", import.meta.url), "utf8")) as { cases: Vector[] };
const [good] = cases as [Vector];
const page = "https://desk.example.com";

afterEach(() => vi.unstubAllGlobals());

describe("license keys that Go has judged", () => {
  test.each(cases)("$why", async ({ key, trusted, claims, pages }) => {
    for (const { origin, opens, code } of pages) {
      const opened = await openLicense(key, origin, trusted);
      expect({ origin, ...("claims" in opened ? opened : { code: opened.fault.code }) }).toEqual({ origin, ...(opens ? { claims } : { code }) });
    }
  });
});

describe("a license key", () => {
  test("is refused whatever character of it is another, and no fault quotes it", async () => {
    const others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (let i = 0; i < good.key.length; i++) {
      const other = others[(others.indexOf(good.key.charAt(i)) + 1) % others.length] ?? "";
      const opened = await openLicense(good.key.slice(0, i) + other + good.key.slice(i + 1), page, good.trusted);
      expect(opened).toMatchObject({ fault: { code: "LICENSE_INVALID" } });
      expect(JSON.stringify(opened)).not.toContain(good.key.slice(100, 108));
    }
  });

  test("is refused where it is too long to be one", async () => {
    expect(await openLicense(`CF1.${"A".repeat(16 << 10)}`, page, good.trusted)).toMatchObject({ fault: { code: "LICENSE_INVALID" } });
  });

  test("cannot be checked on a page that was not fetched securely, which says what to do", async () => {
    vi.stubGlobal("crypto", { getRandomValues: () => undefined });
    const opened = await openLicense(good.key, page, good.trusted);
    expect(opened).toEqual({ fault: { code: "LICENSE_INVALID", message: expect.stringContaining("serve the page over https") as string } });
    expect(await openLicense("", page, good.trusted)).toMatchObject({ fault: { code: "LICENSE_MISSING" } });
  });

  test("cannot be checked by a browser without Ed25519, which says what to do", async () => {
    const { subtle } = globalThis.crypto;
    const importKey = (format: "raw", data: BufferSource, algorithm: string, extractable: boolean, usages: KeyUsage[]): Promise<CryptoKey> =>
      algorithm === "Ed25519" ? Promise.reject(new DOMException("no", "NotSupportedError")) : subtle.importKey(format, data, algorithm, extractable, usages);
    const older = Object.assign(Object.create(null) as object, {
      importKey,
      digest: subtle.digest.bind(subtle),
      deriveKey: subtle.deriveKey.bind(subtle),
      decrypt: subtle.decrypt.bind(subtle),
      verify: subtle.verify.bind(subtle),
    });
    vi.stubGlobal("crypto", { subtle: older });
    const opened = await openLicense(good.key, page, good.trusted);
    expect(opened).toEqual({ fault: { code: "LICENSE_INVALID", message: expect.stringContaining("Chrome 137") as string } });
  });
});
