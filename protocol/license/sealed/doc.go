// Package sealed makes and opens license keys: licenses that are signed, and sealed so that they do not even open on
// other origins. A key says nothing to somebody who does not know an origin it was made for.
//
// The broker and its commands use it. In the browser hostpage/src/runtime/license.ts does the same as Open, by the browser's
// cryptography: protocol/testdata/license.json holds both to the same answers. It may import protocol/license and
// below, and the standard library; it is no part of hub.wasm, where crypto alone would be a fifth of the size. It keeps
// no state, reads no clock and never puts a key, or a part of one, into an error.
//
// The format, CF1, is described in docs/licensing.md.
package sealed
