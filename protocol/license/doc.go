// Package license opens and issues license keys: signed statements that a platform may run on certain origins until
// a certain day, sealed so that they do not even open elsewhere.
//
// What a key guarantees: only the holder of a signing key can make or alter one, and it says nothing to somebody who
// does not know an origin it was made for. What it cannot guarantee: whoever can change the hub can take the check
// out. A license key limits misuse; it never authenticates anybody.
//
// The package may import protocol, protocol/jsontext, protocol/origin and the standard library. Opening is part of hub.wasm;
// issuing is in files of its own and reached by the broker's commands only. It keeps no state, reads no clock
// and never puts a key, or a part of one, into an error.
//
// The format, CF1, is described in docs/licensing.md.
package license
