// Package link is the other end of broker/ws: a hub, or any program, dials a broker and exchanges frames with it
// (protocol/stream) over one WebSocket. It works natively and in a browser.
//
// It may import protocol, protocol/stream and nhooyr.io/websocket, which only this package may. That library brings
// net/http, some 400 kB of a compressed hub.wasm: a hub links this package only in the build that has a broker.
//
// What a browser does differently stays in here. A program there can neither send pings nor see them, so the link
// beats by empty frames. What it writes goes to a buffer that it cannot see either, so the link lets only so much be
// on the way that the broker has not read. And it may close with few codes and need not learn the other side's, so
// both travel as a last frame too.
//
// It refuses frames that are not of the form or too large, and connection ids that change. It does not reconnect by
// itself; Retry says when to.
package link
