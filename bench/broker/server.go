package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/crossframe/crossframe/bench/rig"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// server is a kind of server that is measured.
type server struct {
	name  string
	start func(ctx context.Context, b *bench, s *rig.Stage) (*running, error)
}

// running is a server that runs. Followers all follow the same thing; a publisher sends messages to it.
type running struct {
	*rig.Process
	follow func(ctx context.Context, i int) (*rig.Tap, error)
	// message is what a publisher sends with one frame, given a number and a text without quotes.
	message   func(n int, text string) []byte
	publisher func(ctx context.Context) (*rig.Tap, error)
	frame     byte
}

// ours is what the others are held against.
const ours, centrifugo, natsWS, textbook = "crossframe", "Centrifugo 6.9.1", "nats-server websocket", "text-book gorilla"

// servers are those that there are on this machine.
func (b *bench) servers() []server {
	list := []server{{ours, startOurs}, {natsWS, startNATS}, {textbook, startTextbook}}
	if b.centrifugo != "" {
		list = append(list, server{centrifugo, startCentrifugo})
	}
	return list
}

// startOurs: followers are programs that say who they are and follow a context, publishers update it.
func startOurs(ctx context.Context, _ *bench, s *rig.Stage) (*running, error) {
	broker, err := s.Broker(ctx, rig.BrokerOptions{StoreDir: filepath.Join(s.Dir, "store")})
	if err != nil {
		return nil, err
	}
	head := []byte(`{"scope":"tenant","lifetime":"session"}`)
	return &running{
		Process: broker.Process, frame: rig.BinaryFrame,
		follow: func(ctx context.Context, i int) (*rig.Tap, error) {
			return rig.Follow(ctx, broker.Address, fmt.Sprint("follower", i), "c", rig.TapOptions{})
		},
		publisher: func(ctx context.Context) (*rig.Tap, error) {
			return rig.Follow(ctx, broker.Address, "publisher", "", rig.TapOptions{})
		},
		message: func(n int, text string) []byte {
			body := fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, n, text)
			return stream.Append(nil, "", []protocol.Envelope{{Op: protocol.OpContextUpdate, ID: uint64(n + 10), Name: "c", Head: head, Body: protocol.TextBody(body)}})
		},
	}, nil
}

func startCentrifugo(ctx context.Context, b *bench, s *rig.Stage) (*running, error) {
	port, err := rig.FreePort()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]any{
		"http_server": map[string]any{"address": "127.0.0.1", "port": fmt.Sprint(port)},
		"log":         map[string]any{"level": "error"},
		"client": map[string]any{
			"insecure": true, "allowed_origins": []string{"*"}, "ping_interval": "300s", "pong_timeout": "60s",
		},
		"channel": map[string]any{"without_namespace": map[string]any{
			"allow_subscribe_for_client": true, "allow_subscribe_for_anonymous": true,
			"allow_publish_for_client": true, "allow_publish_for_anonymous": true,
		}},
	})
	config := filepath.Join(s.Dir, "centrifugo.json")
	if err == nil {
		err = os.WriteFile(config, text, 0o600)
	}
	if err != nil {
		return nil, err
	}
	p, err := s.Run(b.centrifugo, "--config", config)
	if err != nil {
		return nil, err
	}
	o := rig.TapOptions{Address: fmt.Sprintf("127.0.0.1:%d", port), Path: "/connection/websocket"}
	return &running{
		Process: p, frame: rig.TextFrame,
		follow:    said(o, rig.TextFrame, `{"id":1,"connect":{}}`, `{"id":2,"subscribe":{"channel":"c"}}`),
		publisher: only(said(o, rig.TextFrame, `{"id":1,"connect":{}}`)),
		message: func(n int, text string) []byte {
			return fmt.Appendf(nil, `{"id":%d,"publish":{"channel":"c","data":{"n":%d,"text":"%s"}}}`, n+10, n, text)
		},
	}, p.Listens(ctx, o.Address)
}

func startNATS(ctx context.Context, b *bench, s *rig.Stage) (*running, error) {
	port, err := rig.FreePort()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(s.Dir, "nats.conf")
	o := rig.TapOptions{Address: fmt.Sprintf("127.0.0.1:%d", port)}
	text := fmt.Sprintf("listen: \"127.0.0.1:-1\"\nping_interval: \"5m\"\nwebsocket { listen: %q, no_tls: true }\n", o.Address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p, err := s.Run(b.programs.NATS, "-c", config)
	if err != nil {
		return nil, err
	}
	const connect = "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"go\",\"version\":\"1\",\"protocol\":1}\r\n"
	return &running{
		Process: p, frame: rig.BinaryFrame,
		follow:    said(o, rig.BinaryFrame, connect+"SUB c 1\r\n"),
		publisher: only(said(o, rig.BinaryFrame, connect)),
		message: func(n int, text string) []byte {
			body := fmt.Sprintf(`{"n":%d,"text":"%s"}`, n, text)
			return fmt.Appendf(nil, "PUB c %d\r\n%s\r\n", len(body), body)
		},
	}, p.Listens(ctx, o.Address)
}

// startTextbook starts this program as the server of the text books.
func startTextbook(ctx context.Context, _ *bench, s *rig.Stage) (*running, error) {
	p, address, err := runTextbook(ctx, s)
	if err != nil {
		return nil, err
	}
	o := rig.TapOptions{Address: address}
	return &running{
		Process: p, frame: rig.TextFrame, follow: said(o, rig.TextFrame), publisher: only(said(o, rig.TextFrame)),
		message: func(n int, text string) []byte { return fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, n, text) },
	}, nil
}

func runTextbook(ctx context.Context, s *rig.Stage) (p *rig.Process, address string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	port, err := rig.FreePort()
	if err != nil {
		return nil, "", err
	}
	address = fmt.Sprintf("127.0.0.1:%d", port)
	if p, err = s.Run(self, "textbook", address); err != nil {
		return nil, "", err
	}
	return p, address, p.Listens(ctx, address)
}

// said returns a function that connects and says some things first.
func said(o rig.TapOptions, frame byte, things ...string) func(ctx context.Context, i int) (*rig.Tap, error) {
	return func(ctx context.Context, _ int) (*rig.Tap, error) {
		t, err := rig.DialTap(ctx, o)
		if err != nil {
			return nil, err
		}
		for _, thing := range things {
			if err := t.Send(frame, []byte(thing)); err != nil {
				t.Close()
				return nil, err
			}
		}
		return t, nil
	}
}

func only(follow func(ctx context.Context, i int) (*rig.Tap, error)) func(ctx context.Context) (*rig.Tap, error) {
	return func(ctx context.Context) (*rig.Tap, error) { return follow(ctx, 0) }
}

var errGone = errors.New("a follower was cut off")
