/**
 * Opens a license key by the browser's own cryptography, so that the hub's program brings none along. It does what
 * Open of protocol/license/sealed does up to the signature and the signer; protocol/testdata/license.json holds both to the same
 * answers. What the license says, and whether it is the time for it, the hub judges. docs/licensing.md has the format.
 */
import type { Fault, TrustedKey } from "@crossframe/protocol";

import { decode64, join, textOf, trimmed, utf8, type Bytes } from "./bytes.js";
import { cryptography, orFault, Refusal, verifyToken, type Purpose } from "./token.js";

/** What became of a key: the JSON text that a trusted key signed, or why there is none. */
export type OpenedLicense = { readonly claims: string } | { readonly fault: Fault };

const PREFIX = "CF1.";
const SALT_BYTES = 16;
const SLOT_BYTES = 48;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_ORIGINS = 32;
const MAX_KEY_CHARACTERS = 16 << 10;
const PRODUCT = "crossframe license v1";

const purpose: Purpose = { assertion: "hub-license", noun: "license key", code: "LICENSE_INVALID", invalid };

/** A key taken apart. Nothing in it has been authenticated. */
interface Box {
  /** What stands before the nonce, with the prefix. */
  readonly head: Bytes;
  readonly salt: Bytes;
  readonly slots: Bytes;
  readonly nonce: Bytes;
  readonly sealed: Bytes;
}

/**
 * Opens a key for the main page at an origin, as browsers write it.
 *
 * Refused with LICENSE_MISSING: an empty key. LICENSE_INVALID: one that was altered, or signed by a key that is not trusted or was
 * retired before, and every key where the browser has no cryptography for it. LICENSE_ORIGIN_MISMATCH: one made for other origins.
 */
export function openLicense(key: string, pageOrigin: string, trustedKeys: readonly TrustedKey[]): Promise<OpenedLicense> {
  return orFault(async () => {
    const text = trimmed(key);
    if (text === "") throw new Refusal("LICENSE_MISSING", "there is no license key; localhost needs none, other origins do");
    const subtle = cryptography();
    const box = await unpack(subtle, text);
    const fileKey = await openSlot(subtle, box, labelsOf(pageOrigin));
    if (!fileKey) {
      throw new Refusal("LICENSE_ORIGIN_MISMATCH", `the license key is not made for ${pageOrigin}; ask its issuer for one that names this origin`);
    }
    const token = await unseal(subtle, await aesKey(subtle, fileKey), box.nonce, box.sealed, box.head);
    if (!token) throw invalid("it is incomplete or was altered");
    return { claims: await verifyToken(textOf(token) ?? "", purpose, trustedKeys) };
  });
}

/** The refusal of a key that no issuer made so. */
function invalid(why: string): Refusal {
  return new Refusal("LICENSE_INVALID", `the license key is not valid: ${why}; use the key exactly as it was issued`);
}

async function unpack(subtle: SubtleCrypto, text: string): Promise<Box> {
  if (!text.startsWith(PREFIX) || text.length > MAX_KEY_CHARACTERS) {
    throw invalid(`it does not begin with ${PREFIX} or is too long`);
  }
  const raw = decode64(text.slice(PREFIX.length));
  if (!raw || raw.length < SALT_BYTES + 1) throw invalid("it is incomplete or has characters that no key has");
  const slots = raw[SALT_BYTES] ?? 0;
  const end = SALT_BYTES + 1 + slots * SLOT_BYTES;
  if (slots === 0 || slots > MAX_ORIGINS || raw.length < end + NONCE_BYTES + TAG_BYTES) {
    throw invalid("it is incomplete or was altered");
  }
  const box = {
    head: join(utf8(PREFIX), raw.slice(0, end)),
    salt: raw.slice(0, SALT_BYTES),
    slots: raw.slice(SALT_BYTES + 1, end),
    nonce: raw.slice(end, end + NONCE_BYTES),
    sealed: raw.slice(end + NONCE_BYTES),
  };
  const hash = new Uint8Array(await subtle.digest("SHA-256", box.head));
  if (!box.nonce.every((byte, i) => byte === hash[i])) throw invalid("it is incomplete or was altered");
  return box;
}

/** Patterns that could name the origin: what a slot may be encrypted under. slotLabels in protocol/license/sealed is the same. */
function labelsOf(pageOrigin: string): string[] {
  const [, before, host = "", port = ""] = /^([a-z][a-z0-9+.-]*:\/\/)(\[[0-9a-f:]+\]|[^\s/:?#@%*"\\[\]]+)(:\d+)?$/.exec(pageOrigin) ?? [];
  if (before === undefined) {
    throw new Refusal("LICENSE_ORIGIN_MISMATCH", "the page has no origin that a license key can be bound to");
  }
  const labels = [pageOrigin, `${before}${host}:*`];
  if (host.startsWith("[")) return labels;
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    const parent = host.slice(dot + 1);
    if (!parent.replace(/\.$/, "").includes(".")) break;
    labels.push(`${before}*.${parent}${port}`, `${before}*.${parent}:*`);
  }
  return labels;
}

/** Returns the key of the token, if a slot was made for one of the labels. */
async function openSlot(subtle: SubtleCrypto, box: Box, labels: readonly string[]): Promise<Bytes | undefined> {
  const product = await subtle.importKey("raw", utf8(PRODUCT), "HKDF", false, ["deriveKey"]);
  for (const label of labels) {
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: box.salt, info: utf8(`slot|${label}`) };
    const slotKey = await subtle.deriveKey(hkdf, product, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    for (let at = 0; at < box.slots.length; at += SLOT_BYTES) {
      const found = await unseal(subtle, slotKey, new Uint8Array(NONCE_BYTES), box.slots.slice(at, at + SLOT_BYTES));
      if (found) return found;
    }
  }
  return undefined;
}

function aesKey(subtle: SubtleCrypto, raw: Bytes): Promise<CryptoKey> {
  return subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
}

async function unseal(subtle: SubtleCrypto, key: CryptoKey, iv: Bytes, sealed: Bytes, additionalData: Bytes = new Uint8Array()): Promise<Bytes | undefined> {
  try {
    return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed));
  } catch {
    return undefined;
  }
}
