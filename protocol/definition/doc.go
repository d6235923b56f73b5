// Package definition decides whether an app definition can be used, and says which field is wrong. Files are
// checked by it before the broker serves them, and definitions that come at run time before the hub takes them, so
// that both give the same answer.
//
// It is floor 1 and part of hub.wasm: it imports package protocol, protocol/origin and small packages of the
// standard library, and nothing that reflects.
package definition
