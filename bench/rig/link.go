package rig

import (
	"context"
	"fmt"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// Hello is the head of the first message of a connection.
func Hello(kind, hub string) []byte {
	h := protocol.Hello{Versions: protocol.Versions(), Kind: kind, Token: Token, Hub: hub, Secret: "secret of " + hub + " that nobody guesses", App: "bench", Library: "bench"}
	return h.AppendJSON(nil)
}

// Follow connects a Tap to a broker as a program that says who it is and, if context is not empty, follows that context.
func Follow(ctx context.Context, address, hub, context string, o TapOptions) (*Tap, error) {
	o.Address, o.Path = address, "/link"
	t, err := DialTap(ctx, o)
	if err != nil {
		return nil, err
	}
	messages := []protocol.Envelope{{Op: protocol.OpHello, ID: 1, Head: Hello(protocol.KindProgram, hub)}}
	if context != "" {
		messages = append(messages, protocol.Envelope{Op: protocol.OpContextSubscribe, ID: 2, Name: context, Head: []byte(`{"scope":"tenant"}`)})
	}
	if err := t.Send(BinaryFrame, stream.Append(nil, "", messages)); err != nil {
		t.Close()
		return nil, fmt.Errorf("say hello: %w", err)
	}
	return t, nil
}
