// Package license judges licenses: signed statements that a platform may run on certain origins until a certain day.
//
// What a license guarantees: only the holder of a signing key can make or alter one. What it cannot guarantee: whoever
// can change the hub can take the check out. It limits misuse; it never authenticates anybody.
//
// Here is what a license says and what follows from it. This is part of hub.wasm, so there is no cryptography in it:
// what it reads has been authenticated, in the Worker by the browser's own cryptography and elsewhere by package sealed, which
// also issues keys. The package may import protocol, protocol/jsontext, protocol/origin and the small packages of the
// standard library. It keeps no state, reads no clock and never sees a key.
package license
