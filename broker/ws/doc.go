// Package ws is the broker's end of a WebSocket that carries frames (protocol/stream) between it and a hub, or any
// other program. What the messages mean, and who may send them, is decided above it.
//
// An idle connection costs its socket, a goroutine that reads, a read buffer of one kilobyte and a timer entry of the
// network poller: the handler returns as soon as the reader runs, a goroutine that writes lives only while there is
// something to write, and one timer pings all connections.
//
// It may import protocol, protocol/origin, protocol/stream and gorilla/websocket, which only this package may.
//
// It refuses, before the upgrade: origins that are not on the list, also "null" and, unless told otherwise, none at
// all; a query string, because addresses end up in logs and tokens must not; more connections than there may be.
// After it: text frames, frames that are not of the form, that are too large or in too many pieces, connection ids
// that were not given, more messages or bytes a second than there may be, silence, and who reads too slowly.
// Compression is never negotiated: a read limit does not bound what comes out of it.
//
// What it leaves to the HTTP server around it: the time that a request's header may take, and the Host header.
package ws
