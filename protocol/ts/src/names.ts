import { MaxNameRunes, reservedPrefixes } from "./wire.gen.js";

/**
 * Tells whether name may name a method, a context, an app or a channel: 1 to MaxNameRunes printable characters below
 * U+0300, no control characters, no space at either end, and neither "." nor "..". The hub has the same rule; see
 * ValidName in protocol/name.go for why.
 */
export function validName(name: string): boolean {
  const length = name.length;
  if (length === 0 || length > MaxNameRunes || name === "." || name === "..") return false;
  if (name[0] === " " || name[length - 1] === " ") return false;
  // Below U+0300 a character is one UTF-16 unit.
  for (let i = 0; i < length; i++) {
    const unit = name.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0xa0) || unit === 0xad || unit >= 0x300) return false;
  }
  return true;
}

/** Tells whether the name lies in a name space of the platform, in which apps offer and create nothing. */
export function reserved(name: string): boolean {
  return reservedPrefixes.some((prefix) => name.startsWith(prefix));
}
