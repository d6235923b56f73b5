// Package origin decides which web origins a list of patterns names. Every list of origins goes through it: block
// and allow lists, app definitions, license keys, WebSocket and CORS checks, and the content security policy.
//
// It may import protocol/jsontext and the standard library, and of that nothing that reflects: it is part of hub.wasm.
// It knows no URLs: a candidate is a serialized origin as a browser writes it in event.origin and in the Origin header, and
// anything else is invalid, which means always blocked and never allowed.
//
// The pattern language is described in docs/origin-patterns.md.
package origin
