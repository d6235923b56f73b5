package native

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
)

func TestGreet(t *testing.T) {
	const unsupported, bad = protocol.ProtocolUnsupported, protocol.BadHandshake
	for _, c := range []struct {
		text string
		ok   bool
		code protocol.Code
		want dialect.Greeting
	}{
		{`{"crossframe":"INIT_REQUEST","versions":[1]}`, true, "", dialect.Greeting{Version: 1}},
		{` {"versions":[7,1,3],"library":"l 1","app":"a","crossframe":"INIT_REQUEST","more":{"x":[]}} `, true, "", dialect.Greeting{Version: 1, App: "a", Library: "l 1"}},
		{`{"crossframe":"INIT_REQUEST","versions":[2,3]}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST"}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":null}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":"1"}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":{"min":1}}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":[1,"2"]}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":[1e999]}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":[9007199254740993]}`, true, unsupported, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":[1],"app":{}}`, true, bad, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":[1],"app":"\ud800"}`, true, bad, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","crossframe":"INIT_REQUEST","versions":[1]}`, true, bad, dialect.Greeting{}},
		{`{"crossframe":"INIT_REQUEST","versions":[1]}x`, true, bad, dialect.Greeting{}},
		{`["INIT_REQUEST"]`, true, bad, dialect.Greeting{}},
		{`{"crossframe":"init_request","versions":[1]}`, false, "", dialect.Greeting{}},
		{`{"crossframe":"CHALLENGE"}`, false, "", dialect.Greeting{}},
		{`{"hello":"tiny"}`, false, "", dialect.Greeting{}},
		{`{}`, false, "", dialect.Greeting{}},
		{`null`, false, "", dialect.Greeting{}},
		{``, false, "", dialect.Greeting{}},
		{strings.Repeat(`[`, 1<<20), false, "", dialect.Greeting{}},
	} {
		g, fault, ok := New().Greet([]byte(c.text))
		code := protocol.Code("")
		if fault != nil {
			code = fault.Code
		}
		if ok != c.ok || code != c.code || fault == nil && g != c.want {
			t.Errorf("%.60s: %+v, %v, %v", c.text, g, fault, ok)
		}
		if code == unsupported && !slices.Equal(fault.Supported, protocol.Versions()) {
			t.Errorf("%.60s: supported %v", c.text, fault.Supported)
		}
	}
}

// TestDecode: only what an app may send passes, and requests only with an id. The tuple goes on as it is.
func TestDecode(t *testing.T) {
	s := New().Open(1)
	before := []protocol.Envelope{{Op: protocol.OpBye}}
	for op := range protocol.Op(300) {
		info, known := op.Info()
		for _, id := range []uint64{0, 7} {
			e := protocol.Envelope{Op: op, ID: id, Ref: 3, Peer: 4, Name: "n", Head: []byte(`{`), Body: protocol.TextBody([]byte(`{`))}
			want := protocol.Code("")
			switch {
			case !known || info.From&protocol.FromApp == 0:
				want = protocol.UnknownOperation
			case info.Reply && id == 0:
				want = protocol.BadMessage
			}
			out, answers, fault := s.Decode(before, dialect.Frame{Tuple: e})
			if want == "" {
				if fault != nil || len(out) != 2 || out[1].Op != op || out[1].ID != id || string(out[1].Head) != `{` || out[1].Body.Size != 1 {
					t.Errorf("%d %s: %v, %v", op, info.Name, out, fault)
				}
			} else if fault == nil || fault.Code != want || answers != id || len(out) != 1 {
				t.Errorf("%d %s: %v for %d; %v", op, info.Name, fault, answers, out)
			}
		}
	}
	if _, _, fault := s.Decode(nil, dialect.Frame{Tuple: protocol.Envelope{Op: 1<<32 - 1}}); fault == nil {
		t.Error("an operation far beyond the table passed")
	}
}

func TestEncode(t *testing.T) {
	e := protocol.Envelope{Op: protocol.OpResult, ID: 1, Ref: 2, Peer: 3, Name: "n", Head: []byte(`{}`), Body: protocol.BinaryBody([]byte{1})}
	frames := New().Open(1).Encode(nil, e)
	if len(frames) != 1 || frames[0].Text != nil || frames[0].Tuple.Op != e.Op || frames[0].Tuple.Body.Size != 1 {
		t.Errorf("encoded %+v", frames)
	}
	var f protocol.Fault
	refusal := New().Refusal(protocol.NewFault(protocol.OriginBlocked, "no"))
	if err := f.DecodeJSON(refusal.Tuple.Head); err != nil || refusal.Tuple.Op != protocol.OpRefused || f.Code != protocol.OriginBlocked {
		t.Errorf("refusal %+v, %v", f, err)
	}
}

// FuzzGreet holds Greet to a reading by encoding/json: what it takes for a good greeting is one.
func FuzzGreet(f *testing.F) {
	for _, text := range []string{`{"crossframe":"INIT_REQUEST","versions":[1],"app":"a"}`, `{"crossframe":"INIT_REQUEST","versions":["1"]}`, `{"crossframe":1}`, `x"INIT_REQUEST"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		g, fault, ok := New().Greet(text)
		if !ok {
			if fault != nil {
				t.Fatalf("a fault %v for what is not of this dialect", fault)
			}
			return
		}
		if fault != nil {
			if fault.Code != protocol.BadHandshake && fault.Code != protocol.ProtocolUnsupported {
				t.Fatalf("fault %v", fault)
			}
			return
		}
		var want struct {
			Crossframe   string
			Versions     []int64
			App, Library string
		}
		if err := json.Unmarshal(text, &want); err != nil || want.Crossframe != protocol.MarkInitRequest || !slices.Contains(want.Versions, g.Version) || want.App != g.App {
			t.Fatalf("took %q for %+v (%v)", text, g, err)
		}
	})
}
