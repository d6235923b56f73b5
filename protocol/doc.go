// Package protocol is what travels between apps, hub and broker: the envelope, the message table, the
// payload structs of each room, the closed set of codes, the limits and the protocol versions.
//
// It is floor 0: it imports the standard library and protocol/jsontext only, and knows no port, no browser and
// no room. Go is the source; protocol/gen writes the JSON codecs beside the structs (codec.gen.go), the
// TypeScript types (protocol/ts) and the message table in docs/protocol.md from these files.
//
// It refuses what does not travel the wire: payload structs hold strings, booleans, int64, Raw, lists of strings,
// integers or payload structs, and other payload structs; no embedding, no maps, no floats, no time.Duration, no any.
package protocol

//go:generate go run ./gen
