import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import type { TrustedKey } from "@crossframe/protocol";
import { LicenseCheck } from "../src/runtime/check.js";
import { openKeySet } from "../src/runtime/keyset.js";
import { judge, openRevocations } from "../src/runtime/revocations.js";

interface ListVector {
  readonly why: string;
  readonly list: string;
  readonly trusted: readonly TrustedKey[];
  readonly claims: string;
  readonly code: string;
  readonly licenses?: readonly { readonly id: string; readonly issuedAt: number; readonly now: number; readonly onPage: string }[];
}

interface SetVector {
  readonly why: string;
  readonly set: string;
  readonly roots: readonly TrustedKey[];
  readonly issuedAt: number;
  readonly keys: readonly TrustedKey[] | null;
  readonly code: string;
}

/** Files that the tests of protocol/license/sealed make and read, so that both agree. */
function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../protocol/testdata/${name}.json`, import.meta.url), "utf8")) as T;
}

const lists = vectors<{ cases: ListVector[] }>("revocations").cases;
const sets = vectors<{ cases: SetVector[] }>("keysets").cases;
const { now, cases } = vectors<{ now: number; cases: { key: string; trusted: TrustedKey[]; claims: string }[] }>("license");
const [good] = lists as [ListVector];
const [license] = cases as [(typeof cases)[number]];

/** Signs as the key of the vectors does, which everybody knows. */
function signed(claims: object, assertion: string, kid = "2026a", seed = 7): string {
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, seed)]), format: "der", type: "pkcs8" });
  const parts = ["v4.public.", JSON.stringify(claims), JSON.stringify({ kid }), assertion].map((part) => Buffer.from(part));
  const length = (n: number): Buffer => {
    const out = Buffer.alloc(8);
    out.writeUInt32LE(n);
    return out;
  };
  const message = Buffer.concat([length(parts.length), ...parts.flatMap((part) => [length(part.length), part])]);
  return `v4.public.${Buffer.concat([parts[1] as Buffer, sign(null, message, key)]).toString("base64url")}.${(parts[2] as Buffer).toString("base64url")}`;
}

const list = (issuedAt: number, change: object = {}): string => signed({ iat: issuedAt, exp: issuedAt + 7 * 86_400, issuedFrom: 0, revoked: [], ...change }, "revocation-list");

describe("revocation lists that Go has judged", () => {
  test.each(lists)("$why", async ({ list: text, trusted, code, claims, licenses = [] }) => {
    const opened = await openRevocations(text, trusted);
    if ("fault" in opened) {
      expect(opened.fault.code).toBe(code);
      return;
    }
    expect(code).toBe("");
    expect(JSON.stringify({ iat: opened.issuedAt, exp: opened.expires, issuedFrom: opened.issuedFrom, revoked: [...opened.hashes] })).toBe(claims);
    for (const { id, issuedAt, now: at, onPage } of licenses) {
      expect({ id, at, code: (await judge(opened, { id, issuedAt }, 1000 * at))?.code ?? "" }).toEqual({ id, at, code: onPage });
    }
  });
});

describe("key sets that Go has judged", () => {
  test.each(sets)("$why", async ({ set, roots, code, issuedAt, keys }) => {
    const opened = await openKeySet(set, roots);
    if ("fault" in opened) {
      expect(opened.fault.code).toBe(code);
      return;
    }
    expect(code).toBe("");
    expect(opened.issuedAt).toBe(issuedAt);
    expect(opened.keys).toEqual(keys?.map((key) => ({ notAfterIssued: 0, ...key })));
  });
});

describe("a revocation list", () => {
  test("is refused whatever character of it is another", async () => {
    const others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (let i = 0; i < good.list.length; i++) {
      const other = others[(others.indexOf(good.list.charAt(i)) + 1) % others.length] ?? "";
      expect(await openRevocations(good.list.slice(0, i) + other + good.list.slice(i + 1), good.trusted)).toMatchObject({ fault: { code: "LICENSE_UNVERIFIED" } });
    }
  });

  test("is bounded, whoever signed it", async () => {
    const hashes = Array.from({ length: 4097 }, (_, i) => Buffer.from(String(i).padStart(16, "0")).toString("base64url")).sort();
    const opened = await openRevocations(list(now, { revoked: hashes.slice(0, 4096) }), good.trusted);
    expect("fault" in opened ? opened.fault : opened.hashes.size).toBe(4096);
    expect(await openRevocations(list(now, { revoked: hashes }), good.trusted)).toMatchObject({ fault: { message: expect.stringContaining("4096") as string } });
    expect(await openRevocations(good.list + "A".repeat(192 << 10), good.trusted)).toMatchObject({ fault: { message: expect.stringContaining("too long") as string } });
  });
});

describe("what is found of a license", () => {
  const origin = "https://desk.example.com";
  const config = { licenseKey: license.key, licenseKeys: license.trusted };
  const revoking = list(now, { issuedFrom: now });

  test("are its claims, where no list says otherwise", async () => {
    const check = new LicenseCheck(origin);
    const found = { claims: license.claims };
    expect(await check.find({}, 1000 * now)).toEqual({});
    expect(await check.find(config, 1000 * now)).toEqual(found);
    expect(await check.find({ ...config, licenseRevocations: list(now) }, 1000 * now)).toEqual(found);
    expect(await check.find({ ...config, licenseRevocations: revoking }, 1000 * now)).toMatchObject({ fault: { code: "LICENSE_REVOKED" } });
  });

  test("follows the latest list: an older one and a broken one take nothing back", async () => {
    const check = new LicenseCheck(origin);
    expect(await check.find({ ...config, licenseRevocations: "x" }, 1000 * now)).toMatchObject({ fault: { code: "LICENSE_UNVERIFIED" } });
    expect(await check.find({ ...config, licenseRevocations: revoking }, 1000 * now)).toMatchObject({ fault: { code: "LICENSE_REVOKED" } });
    for (const licenseRevocations of [list(now - 1), "x"]) {
      expect(await check.find({ ...config, licenseRevocations }, 1000 * now)).toMatchObject({ fault: { code: "LICENSE_REVOKED" } });
    }
    expect(await check.find({ ...config, licenseRevocations: list(now + 1) }, 1000 * now)).toHaveProperty("claims");
  });

  test("goes on by a list that is out of date until its grace days are over", async () => {
    const check = new LicenseCheck(origin);
    const at = (days: number): Promise<object> => check.find({ ...config, licenseRevocations: list(now) }, 1000 * (now + days * 86_400));
    expect(await at(13)).toHaveProperty("claims");
    expect(await at(15)).toMatchObject({ fault: { code: "LICENSE_UNVERIFIED" } });
  });

  test("follows a key set that a root signed, whose word on a key is the last one", async () => {
    const check = new LicenseCheck(origin);
    const [{ roots }] = sets as [SetVector];
    const key = license.trusted.find(({ id }) => id === "2026a") as TrustedKey;
    const set = (issuedAt: number, notAfterIssued: number): string =>
      signed({ iat: issuedAt, keys: [{ id: key.id, public: key.public, notAfterIssued }] }, "license-keys", "root-2026", 9);
    const withSet = (licenseKeySet: string, licenseKeys: TrustedKey[] = []): Promise<object> =>
      check.find({ licenseKey: license.key, licenseKeys, licenseRoots: [...roots], licenseKeySet }, 1000 * now);
    expect(await withSet("x")).toMatchObject({ fault: { code: "LICENSE_INVALID" } });
    expect(await withSet(set(now, 0))).toHaveProperty("claims");
    // Retired before the license was issued, though the configuration trusts the key without an end.
    expect(await withSet(set(now + 1, now - 30 * 86_400), [key])).toMatchObject({ fault: { code: "LICENSE_INVALID" } });
    expect(await withSet(set(now, 0)), "an older set").toMatchObject({ fault: { code: "LICENSE_INVALID" } });
  });
});
