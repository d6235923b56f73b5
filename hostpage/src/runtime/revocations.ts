/**
 * Reads revocation lists: which licenses their issuer took back. OpenRevocations and Check of protocol/license/sealed do the same;
 * protocol/testdata/revocations.json holds both to the same answers.
 */
import type { Fault, TrustedKey } from "@crossframe/protocol";

import { decode64, encode64, trimmed, utf8 } from "./bytes.js";
import { cryptography, memberOf, orFault, Refusal, verifyToken, type Purpose } from "./token.js";

const MAX_REVOKED = 4096;
const MAX_LIST_CHARACTERS = 192 << 10;
const MAX_LIST_DAYS = 366;
/** How long the page goes on by a list that has expired, for the case that it cannot get another. */
const LIST_GRACE_DAYS = 7;
const LEEWAY = 5 * 60;
const HASH_BYTES = 16;
const DAY = 24 * 60 * 60;

const purpose: Purpose = {
  assertion: "revocation-list",
  noun: "revocation list",
  code: "LICENSE_UNVERIFIED",
  invalid: (why) => new Refusal("LICENSE_UNVERIFIED", `the revocation list is not valid: ${why}; use the file exactly as it was signed`),
};

/** A list that a trusted key signed. Times are in seconds since 1970. */
export interface Revocations {
  readonly issuedAt: number;
  readonly expires: number;
  /** Where it is not 0, every license that was issued before it is revoked. */
  readonly issuedFrom: number;
  /** The hashes of the ids of revoked licenses. */
  readonly hashes: ReadonlySet<string>;
}

/** Opens a list. Refused with LICENSE_UNVERIFIED, or LICENSE_INVALID where the browser has no cryptography for it. */
export function openRevocations(list: string, trustedKeys: readonly TrustedKey[]): Promise<Revocations | { readonly fault: Fault }> {
  return orFault(async () => {
    const text = trimmed(list);
    if (text.length > MAX_LIST_CHARACTERS) throw purpose.invalid("it is too long");
    return parse(await verifyToken(text, purpose, trustedKeys));
  });
}

/** Claims have one spelling, so that every reader reads the same. */
function parse(claims: string): Revocations {
  const [iat, exp, issuedFrom, revoked] = ["iat", "exp", "issuedFrom", "revoked"].map((name) => memberOf(claims, name));
  if (!isTime(iat) || !isTime(exp) || !isTime(issuedFrom) || !Array.isArray(revoked) || JSON.stringify({ iat, exp, issuedFrom, revoked }) !== claims) {
    throw purpose.invalid("it is not written as lists are");
  }
  if (iat <= 0 || exp <= iat || exp > iat + MAX_LIST_DAYS * DAY) throw purpose.invalid("it lasts 1 second to 366 days");
  if (issuedFrom > iat) throw purpose.invalid("it revokes licenses that are not issued yet");
  if (revoked.length > MAX_REVOKED) throw purpose.invalid("it names more than 4096 licenses");
  const hashes = revoked as unknown[];
  for (const [i, hash] of hashes.entries()) {
    if (typeof hash !== "string" || decode64(hash)?.length !== HASH_BYTES) throw purpose.invalid("it names something that is no license");
    if (i > 0 && (hashes[i - 1] as string) >= hash) throw purpose.invalid("it is not in order");
  }
  return { issuedAt: iat, expires: exp, issuedFrom, hashes: new Set(hashes as string[]) };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Judges a license by a list: LICENSE_REVOKED where it is revoked, however old the list is; LICENSE_UNVERIFIED where the list has been out
 * of date for more than its grace days, so that nobody can tell.
 */
export async function judge(list: Revocations, license: { readonly id: string; readonly issuedAt: number }, nowMs: number): Promise<Fault | undefined> {
  const hash = new Uint8Array(await cryptography().digest("SHA-256", utf8(license.id))).slice(0, HASH_BYTES);
  if (list.hashes.has(encode64(hash)) || license.issuedAt < list.issuedFrom) {
    return { code: "LICENSE_REVOKED", message: `license ${license.id} was revoked by its issuer; ask for a new key` };
  }
  if (nowMs >= 1000 * (list.expires + LIST_GRACE_DAYS * DAY + LEEWAY)) {
    const date = new Date(1000 * list.expires).toISOString().slice(0, 10);
    return {
      code: "LICENSE_UNVERIFIED",
      message: `the revocation list expired on ${date}, so that nobody can tell whether license ${license.id} was revoked; have the list signed anew`,
    };
  }
  return undefined;
}
