/**
 * Reads key sets: lists of keys that licenses may be signed with, signed by a root key that the page's configuration trusts.
 * OpenKeySet of protocol/license/sealed does the same; protocol/testdata/keysets.json holds both to the same answers.
 */
import type { Fault, TrustedKey } from "@crossframe/protocol";

import { decode64, trimmed } from "./bytes.js";
import { memberOf, orFault, Refusal, verifyToken, type Purpose } from "./token.js";

const MAX_KEYS = 64;
const MAX_SET_CHARACTERS = 16 << 10;
const MAX_TIME = 253402300799;

const purpose: Purpose = {
  assertion: "license-keys",
  noun: "key set",
  code: "LICENSE_INVALID",
  invalid: (why) => new Refusal("LICENSE_INVALID", `the set of trusted license keys is not valid: ${why}; use the file exactly as it was signed`),
};

export interface KeySet {
  /** In seconds since 1970. */
  readonly issuedAt: number;
  readonly keys: readonly Required<TrustedKey>[];
}

/** Opens a set. Refused with LICENSE_INVALID. */
export function openKeySet(set: string, roots: readonly TrustedKey[]): Promise<KeySet | { readonly fault: Fault }> {
  return orFault(async () => {
    const text = trimmed(set);
    if (text.length > MAX_SET_CHARACTERS) throw purpose.invalid("it is too long");
    return parse(await verifyToken(text, purpose, roots));
  });
}

/** Claims have one spelling, so that every reader reads the same. */
function parse(claims: string): KeySet {
  const [iat, list] = [memberOf(claims, "iat"), memberOf(claims, "keys")];
  if (!isTime(iat) || iat === 0) throw purpose.invalid("it does not say when it was signed");
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_KEYS) throw purpose.invalid("it has 1 to 64 keys");
  const keys = (list as unknown[]).map(keyOf);
  if (JSON.stringify({ iat, keys }) !== claims) throw purpose.invalid("it is not written as sets are");
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw purpose.invalid("two of its keys have one id");
  return { issuedAt: iat, keys };
}

function keyOf(value: unknown): Required<TrustedKey> {
  const { id, public: encoded, notAfterIssued } = (value ?? {}) as Partial<Record<keyof TrustedKey, unknown>>;
  if (typeof id !== "string" || !/^[A-Za-z0-9._-]{1,64}$/.test(id) || typeof encoded !== "string" || decode64(encoded)?.length !== 32 || !isTime(notAfterIssued)) {
    throw purpose.invalid("one of its keys is none");
  }
  return { id, public: encoded, notAfterIssued };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIME;
}
