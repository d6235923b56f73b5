// Package contexts is the room of shared contexts: named JSON objects that apps read, change and watch together.
//
// The order of writes is the order in which their turns run; each acknowledged write raises the context's revision
// by exactly one and reaches every subscriber as one event. The room looks into a body only to merge it: what it
// sends on to subscribers and to the journal is the writer's own body, unread and uncopied.
//
// It may import protocol, protocol/jsontext and wasm/peer. It knows no port, no clock and no other room, and it
// refuses to grow without bound: see Options, MaxMembers and protocol.Limits.
package contexts
