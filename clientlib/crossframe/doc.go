// Package crossframe connects a Go program to a Crossframe broker: it offers and calls methods, and reads, writes and
// follows shared contexts, together with the apps of every hub that the broker joins.
//
//	client, err := crossframe.Connect(ctx, crossframe.Options{URL: "wss://desk.example.com/link", Token: token, App: "prices"})
//	...
//	defer client.Close()
//	err = client.Set(ctx, "prices", map[string]any{"DAX": 18_400}, crossframe.WriteOptions{Scope: "tenant"})
//
// A Client connects again by itself: methods, subscriptions and watches come back, and calls under way fail with
// DISCONNECTED. Errors of the platform are a *protocol.Fault, whose code says what to do. What runs in a browser uses
// the npm package @crossframe/client instead.
//
// It may import protocol, its jsontext and stream packages, and wasm/link, which holds the WebSocket.
package crossframe
