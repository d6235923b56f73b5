/**
 * Opens a license key by the browser's own cryptography, so that the hub's program brings none along. It does what
 * Open of protocol/license/sealed does up to the signature and the signer; protocol/testdata/license.json holds both to the same
 * answers. What the license says, and whether it is the time for it, the hub judges. docs/licensing.md has the format.
 */
import type { Code, Fault, TrustedKey } from "@crossframe/protocol";

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
const TOKEN_HEADER = "v4.public.";
const ASSERTION = "hub-license";
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;

type Bytes = Uint8Array<ArrayBuffer>;

/** A key taken apart. Nothing in it has been authenticated. */
interface Box {
  /** What stands before the nonce, with the prefix. */
  readonly head: Bytes;
  readonly salt: Bytes;
  readonly slots: Bytes;
  readonly nonce: Bytes;
  readonly sealed: Bytes;
}

/** Ends the work on a key. */
class Refusal extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Opens a key for the main page at an origin, as browsers write it.
 *
 * Refused with LICENSE_MISSING: an empty key. LICENSE_INVALID: one that was altered, or signed by a key that is not trusted or was
 * retired before, and every key where the browser has no cryptography for it. LICENSE_ORIGIN_MISMATCH: one made for other origins.
 */
export async function openLicense(key: string, pageOrigin: string, trustedKeys: readonly TrustedKey[]): Promise<OpenedLicense> {
  try {
    const text = key.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "");
    if (text === "") {
      throw new Refusal("LICENSE_MISSING", "there is no license key; localhost needs none, other origins do");
    }
    const subtle = cryptography();
    const box = await unpack(subtle, text);
    const fileKey = await openSlot(subtle, box, labelsOf(pageOrigin));
    if (!fileKey) {
      throw new Refusal("LICENSE_ORIGIN_MISMATCH", `the license key is not made for ${pageOrigin}; ask its issuer for one that names this origin`);
    }
    const token = await unseal(subtle, await aesKey(subtle, fileKey), box.nonce, box.sealed, box.head);
    if (!token) throw invalid("it is incomplete or was altered");
    return { claims: await verify(subtle, token, trustedKeys) };
  } catch (error) {
    if (error instanceof Refusal) return { fault: { code: error.code, message: error.message } };
    throw error;
  }
}

/** Browsers keep their cryptography from pages that were not fetched securely. */
function cryptography(): SubtleCrypto {
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) {
    throw new Refusal("LICENSE_INVALID", "the license key cannot be checked on a page that was not fetched securely; serve the page over https");
  }
  return subtle;
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

/** Checks the token's signature with the trusted key that its footer names, and returns the claims. */
async function verify(subtle: SubtleCrypto, token: Bytes, trustedKeys: readonly TrustedKey[]): Promise<string> {
  const [body64, footer64] = split(textOf(token) ?? "");
  const body = decode64(body64);
  const footer = decode64(footer64);
  if (!body || !footer || body.length < SIGNATURE_BYTES) throw invalid("it holds no signed license");
  const signer = selectKey(footer, trustedKeys);
  const claims = body.slice(0, -SIGNATURE_BYTES);
  const message = preAuth([utf8(TOKEN_HEADER), claims, footer, utf8(ASSERTION)]);
  if (!(await subtle.verify("Ed25519", await publicKey(subtle, signer), body.slice(-SIGNATURE_BYTES), message))) {
    throw invalid("its signature is wrong");
  }
  const text = textOf(claims);
  if (text === undefined) throw invalid("its claims are no text");
  if (signer.notAfterIssued && !(issuedAt(text) <= signer.notAfterIssued)) {
    throw invalid(`it was issued after its signing key ${signer.id} had been retired`);
  }
  return text;
}

/** Takes a token apart into body and footer, both in base64url; "!" is none. */
function split(token: string): readonly [string, string] {
  const [, body = "!", footer = "!"] = /^v4\.public\.([^.]*)\.([^.]*)$/.exec(token) ?? [];
  return [body, footer];
}

/** Returns the trusted key that the footer names. Nothing else in a token has a say in how it is checked. */
function selectKey(footer: Bytes, trustedKeys: readonly TrustedKey[]): TrustedKey {
  const [, id] = /^\{"kid":"([A-Za-z0-9._-]{1,64})"\}$/.exec(textOf(footer) ?? "") ?? [];
  if (id === undefined) throw invalid("it does not name the key that signed it");
  const key = trustedKeys.find((one) => one.id === id);
  if (!key) {
    throw new Refusal(
      "LICENSE_INVALID",
      `the license key was signed with ${id}, which is not among the trusted keys; add its public key to the configuration`,
    );
  }
  return key;
}

async function publicKey(subtle: SubtleCrypto, { id, public: encoded }: TrustedKey): Promise<CryptoKey> {
  const raw = decode64(encoded);
  if (raw?.length !== PUBLIC_KEY_BYTES) {
    throw new Refusal("LICENSE_INVALID", `trusted license key ${id} is no Ed25519 public key in base64url; correct it in the configuration`);
  }
  try {
    return await subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch {
    throw new Refusal("LICENSE_INVALID", "this browser cannot check license keys, as it lacks Ed25519; use a newer one: Chrome 137, Firefox 129, Safari 17");
  }
}

/** Returns when the license was issued, in seconds since 1970; NaN where the claims do not say so. */
function issuedAt(claims: string): number {
  try {
    const { iat } = JSON.parse(claims) as { iat?: unknown };
    return typeof iat === "number" ? iat : NaN;
  } catch {
    return NaN;
  }
}

/** PASETO's pre-authentication encoding: the number of pieces, then each with its length, as 64-bit little-endian integers. */
function preAuth(pieces: readonly Bytes[]): Bytes {
  const length = (n: number): Bytes => {
    const out = new Uint8Array(8);
    new DataView(out.buffer).setUint32(0, n, true);
    return out;
  };
  return join(length(pieces.length), ...pieces.flatMap((piece) => [length(piece.length), piece]));
}

/** Reads base64url without padding in its one spelling: unused bits are zero. */
function decode64(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  const binary = atob(standard);
  return btoa(binary).replace(/=+$/, "") === standard ? Uint8Array.from(binary, (c) => c.charCodeAt(0)) : undefined;
}

function textOf(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function join(...parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
