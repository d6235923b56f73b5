package stream

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

var update = flag.Bool("update", false, "write the bytes in testdata anew; look at the difference before committing")

const vectorFile = "../testdata/stream.json"

// vector is a case of stream.json; the file says what its members mean.
type vector struct {
	Why        string    `json:"why"`
	Hex        string    `json:"hex"`
	Connection string    `json:"connection,omitempty"`
	Messages   []message `json:"messages,omitempty"`
	Closed     *closed   `json:"closed,omitempty"`
	Fault      string    `json:"fault,omitempty"`
}

type message struct {
	Op   uint32  `json:"op"`
	ID   uint64  `json:"id"`
	Ref  uint64  `json:"ref"`
	Peer uint32  `json:"peer"`
	Name string  `json:"name"`
	Head string  `json:"head"`
	Text *string `json:"text,omitempty"`
	// Binary is hex.
	Binary *string `json:"binary,omitempty"`
}

type closed struct {
	Code   uint16 `json:"code"`
	Reason string `json:"reason"`
}

func TestVectors(t *testing.T) {
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		About string   `json:"about"`
		Cases []vector `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(file.Cases), err)
	}
	for i := range file.Cases {
		c := &file.Cases[i]
		if *update && c.Fault == "" {
			c.Hex = hex.EncodeToString(c.bytes(t))
		}
		if got := read(t, unhex(t, c.Hex)); !reflect.DeepEqual(got.result(), c.result()) {
			t.Errorf("%s: %s is read as\n%+v, want\n%+v", c.Why, c.Hex, got.result(), c.result())
		}
		if c.Fault == "" && hex.EncodeToString(c.bytes(t)) != c.Hex {
			t.Errorf("%s: written as %x, want %s", c.Why, c.bytes(t), c.Hex)
		}
	}
	if *update {
		writeVectors(t, file.About, file.Cases)
	}
}

// result is what a vector says of its bytes, in a form to compare.
func (v vector) result() string {
	b, _ := json.Marshal(vector{Connection: v.Connection, Messages: v.Messages, Closed: v.Closed, Fault: v.Fault})
	return string(b)
}

func (v *vector) bytes(t *testing.T) []byte {
	if v.Closed != nil {
		return AppendClosed(nil, &Closed{Code(v.Closed.Code), v.Closed.Reason})
	}
	var messages []protocol.Envelope
	for _, m := range v.Messages {
		e := protocol.Envelope{Op: protocol.Op(m.Op), ID: m.ID, Ref: m.Ref, Peer: m.Peer, Name: m.Name, Head: []byte(m.Head)}
		switch {
		case m.Text != nil:
			e.Body = protocol.TextBody([]byte(*m.Text))
		case m.Binary != nil:
			e.Body = protocol.BinaryBody(unhex(t, *m.Binary))
		}
		messages = append(messages, e)
	}
	return Append(nil, v.Connection, messages)
}

func read(t *testing.T, data []byte) (v vector) {
	t.Helper()
	if c, ok := ReadClosed(data); ok {
		v.Closed = &closed{uint16(c.Code), c.Reason}
		return v
	}
	id, messages, fault := Read(nil, data, Limits{})
	if fault != nil {
		v.Fault = string(fault.Code)
		return v
	}
	v.Connection = id
	for _, e := range messages {
		m := message{Op: uint32(e.Op), ID: e.ID, Ref: e.Ref, Peer: e.Peer, Name: e.Name, Head: string(e.Head)}
		switch body := string(e.Body.Bytes()); e.Body.Kind {
		case protocol.BodyText:
			m.Text = &body
		case protocol.BodyBinary:
			body = hex.EncodeToString([]byte(body))
			m.Binary = &body
		}
		v.Messages = append(v.Messages, m)
	}
	return v
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// writeVectors writes one case a line.
func writeVectors(t *testing.T, about string, cases []vector) {
	t.Helper()
	line := func(v any) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(b.String())
	}
	lines := make([]string, len(cases))
	for i := range cases {
		lines[i] = "    " + line(cases[i])
	}
	text := "{\n  \"about\": " + line(about) + ",\n  \"cases\": [\n" + strings.Join(lines, ",\n") + "\n  ]\n}\n"
	if err := os.WriteFile(vectorFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReadLimits(t *testing.T) {
	small := Limits{NameBytes: 4, HeadBytes: 5, BodyBytes: 6, Messages: 2}
	text := func(n int) []byte { return bytes.Repeat([]byte("a"), n) }
	one := func(name, head, body int) []protocol.Envelope {
		return []protocol.Envelope{{Op: 1, Name: string(text(name)), Head: text(head), Body: protocol.TextBody(text(body))}}
	}
	for _, c := range []struct {
		why      string
		limits   Limits
		id       string
		messages []protocol.Envelope
		code     protocol.Code
	}{
		{"at the limits", small, "abcd", append(one(4, 5, 6), one(4, 5, 6)...), ""},
		{"the connection id", small, "abcde", nil, protocol.TooLarge},
		{"the name", small, "", one(5, 0, 0), protocol.TooLarge},
		{"the head", small, "", one(0, 6, 0), protocol.TooLarge},
		{"the body", small, "", one(0, 0, 7), protocol.TooLarge},
		{"a binary body", small, "", []protocol.Envelope{{Body: protocol.BinaryBody(text(7))}}, protocol.TooLarge},
		{"the messages", small, "", make([]protocol.Envelope, 3), protocol.BadMessage},
		{"the protocol's name", Limits{}, "", one(protocol.MaxHeaderBytes+1, 0, 0), protocol.TooLarge},
		{"the protocol's head", Limits{}, "", one(0, protocol.MaxHeadBytes+1, 0), protocol.TooLarge},
		{"the protocol's body", Limits{}, "", one(0, 0, 1<<20+1), protocol.TooLarge},
		{"the protocol's messages", Limits{}, "", make([]protocol.Envelope, protocol.MaxTuplesPerFrame+1), protocol.BadMessage},
		{"all of the protocol's at once", Limits{}, string(text(1 << 10)), one(1<<10, 64<<10, 1<<20), ""},
		{"256 messages", Limits{}, "", make([]protocol.Envelope, protocol.MaxTuplesPerFrame), ""},
	} {
		before := []protocol.Envelope{{Op: 77}}
		id, messages, fault := Read(before, Append(nil, c.id, c.messages), c.limits)
		switch {
		case c.code == "" && (fault != nil || id != c.id || len(messages) != 1+len(c.messages)):
			t.Errorf("%s: %q, %d messages, %v", c.why, id, len(messages), fault)
		case c.code != "" && (fault == nil || fault.Code != c.code || id != "" || len(messages) != 1):
			t.Errorf("%s: %q, %d messages, %v", c.why, id, len(messages), fault)
		case messages[0].Op != 77:
			t.Errorf("%s: what was there is gone", c.why)
		}
	}
}

// TestReadIsBoundedByItsInput: a length that claims more than there is reserves nothing.
func TestReadIsBoundedByItsInput(t *testing.T) {
	claim := appendNumber([]byte{Version, 0, 1, 0, 0, 0, 0, 0, byte(protocol.BodyBinary)}, 1<<30)
	allocs := testing.AllocsPerRun(10, func() {
		if _, _, fault := Read(nil, claim, Limits{BodyBytes: 1 << 31}); fault == nil {
			t.Fatal("there is no such body")
		}
	})
	if allocs > 4 {
		t.Errorf("%v allocations for 14 bytes", allocs)
	}
}

func TestPartsCannotWriteOverEachOther(t *testing.T) {
	data := Append(nil, "c", []protocol.Envelope{{Head: []byte("{}"), Body: protocol.TextBody([]byte("1"))}})
	_, messages, _ := Read(nil, data, Limits{})
	_ = append(messages[0].Head, "overwritten"...)
	if got := string(messages[0].Body.Bytes()); got != "1" {
		t.Errorf("the body is now %q", got)
	}
}

func TestNewClosed(t *testing.T) {
	for _, c := range []struct{ reason, want string }{
		{"", ""},
		{strings.Repeat("a", 123), strings.Repeat("a", 123)},
		{strings.Repeat("a", 124), strings.Repeat("a", 123)},
		{strings.Repeat("é", 62), strings.Repeat("é", 61)},
		{"a\xff", ""},
	} {
		if got := NewClosed(CloseAway, c.reason); got.Reason != c.want || got.Code != CloseAway {
			t.Errorf("%q became %+v", c.reason, got)
		}
	}
}

func TestSendable(t *testing.T) {
	for _, c := range []struct{ code, want Code }{
		{CloseNormal, CloseNormal}, {CloseTooSlow, CloseTooSlow}, {3000, 3000}, {4999, 4999},
		{0, CloseInternal}, {1005, CloseInternal}, {CloseAbnormal, CloseInternal}, {1015, CloseInternal}, {2999, CloseInternal}, {5000, CloseInternal},
	} {
		got := (&Closed{Code: c.code, Reason: "why"}).Sendable()
		if back, ok := ReadClosed(AppendClosed(nil, got)); got.Code != c.want || !ok || *back != *got {
			t.Errorf("%d is told as %+v, read as %+v", c.code, got, back)
		}
	}
}

func TestFinalCodes(t *testing.T) {
	for code, final := range map[Code]bool{
		CloseAway: false, CloseAbnormal: false, CloseInternal: false, CloseRestart: false, CloseTryLater: false, CloseTooSlow: false, CloseTooLarge: false,
		CloseNormal: true, CloseProtocol: true, CloseUnsupported: true, CloseInvalid: true, ClosePolicy: true,
		CloseSession: true, CloseOrigin: true, CloseSuperseded: true,
	} {
		if code.Final() != final {
			t.Errorf("%d: Final is %t", code, !final)
		}
	}
}
