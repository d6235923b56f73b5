/**
 * Checks the signature of what an issuer signed: licenses, revocation lists, key sets. They are tokens of one form, PASETO
 * v4.public, told apart by what they are for; token.go of protocol/license/sealed is the same.
 */
import type { Code, Fault, TrustedKey } from "@crossframe/protocol";

import { decode64, join, textOf, utf8, type Bytes } from "./bytes.js";

const TOKEN_HEADER = "v4.public.";
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;

/** Ends the work on a key or a token. */
export class Refusal extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** Returns the fault where the work ends with a refusal. */
export async function orFault<T>(work: () => Promise<T>): Promise<T | { readonly fault: Fault }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return { fault: { code: error.code, message: error.message } };
    throw error;
  }
}

/** Browsers keep their cryptography from pages that were not fetched securely. */
export function cryptography(): SubtleCrypto {
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) {
    throw new Refusal("LICENSE_INVALID", "the license key cannot be checked on a page that was not fetched securely; serve the page over https");
  }
  return subtle;
}

/** What a token is for. */
export interface Purpose {
  /** Is signed with every token of the purpose, and not in it. */
  readonly assertion: string;
  readonly noun: string;
  readonly code: Code;
  /** The refusal of a token that no issuer made so. */
  readonly invalid: (why: string) => Refusal;
}

/**
 * Checks a token's signature with the trusted key that its footer names, and that this key was in use when the token was issued.
 * Returns the text of the claims.
 */
export async function verifyToken(token: string, purpose: Purpose, trustedKeys: readonly TrustedKey[]): Promise<string> {
  const subtle = cryptography();
  const [body64, footer64] = split(token);
  const body = decode64(body64);
  const footer = decode64(footer64);
  if (!body || !footer || body.length < SIGNATURE_BYTES) throw purpose.invalid("it holds nothing that was signed");
  const signer = selectKey(footer, purpose, trustedKeys);
  const claims = body.slice(0, -SIGNATURE_BYTES);
  const message = preAuth([utf8(TOKEN_HEADER), claims, footer, utf8(purpose.assertion)]);
  if (!(await subtle.verify("Ed25519", await publicKey(subtle, purpose, signer), body.slice(-SIGNATURE_BYTES), message))) {
    throw purpose.invalid("its signature is wrong");
  }
  const text = textOf(claims);
  if (text === undefined) throw purpose.invalid("its claims are no text");
  if (signer.notAfterIssued && !(issuedAt(text) <= signer.notAfterIssued)) {
    throw purpose.invalid(`it was issued after its signing key ${signer.id} had been retired`);
  }
  return text;
}

/** Takes a token apart into body and footer, both in base64url; "!" is none. */
function split(token: string): readonly [string, string] {
  const [, body = "!", footer = "!"] = /^v4\.public\.([^.]*)\.([^.]*)$/.exec(token) ?? [];
  return [body, footer];
}

/** Returns the trusted key that the footer names. Nothing else in a token has a say in how it is checked. */
function selectKey(footer: Bytes, { noun, code, invalid }: Purpose, trustedKeys: readonly TrustedKey[]): TrustedKey {
  const [, id] = /^\{"kid":"([A-Za-z0-9._-]{1,64})"\}$/.exec(textOf(footer) ?? "") ?? [];
  if (id === undefined) throw invalid("it does not name the key that signed it");
  const key = trustedKeys.find((one) => one.id === id);
  if (!key) throw new Refusal(code, `the ${noun} was signed with ${id}, which is not among the trusted keys; add its public key to the configuration`);
  return key;
}

async function publicKey(subtle: SubtleCrypto, { code }: Purpose, { id, public: encoded }: TrustedKey): Promise<CryptoKey> {
  const raw = decode64(encoded);
  if (raw?.length !== PUBLIC_KEY_BYTES) {
    throw new Refusal(code, `trusted license key ${id} is no Ed25519 public key in base64url; correct it in the configuration`);
  }
  try {
    return await subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch {
    throw new Refusal("LICENSE_INVALID", "this browser cannot check license keys, as it lacks Ed25519; use a newer one: Chrome 137, Firefox 129, Safari 17");
  }
}

/** Returns when the claims were issued, in seconds since 1970; NaN where they do not say so. */
function issuedAt(claims: string): number {
  const iat = memberOf(claims, "iat");
  return typeof iat === "number" ? iat : NaN;
}

/** Returns a member of claims; undefined where there is none. */
export function memberOf(claims: string, name: string): unknown {
  try {
    const value = JSON.parse(claims) as unknown;
    return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
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
