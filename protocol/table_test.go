package protocol

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestMessageTable(t *testing.T) {
	structs := map[string]bool{}
	for _, p := range payloads() {
		structs[nameOf(p)] = true
	}
	ops, names := map[Op]bool{}, map[string]bool{}
	for _, row := range Ops() {
		if row.Op == 0 || ops[row.Op] {
			t.Errorf("%s: op %d is there twice, or 0", row.Name, row.Op)
		}
		if row.Name == "" || names[row.Name] {
			t.Errorf("op %d: the name %q is there twice, or empty", row.Op, row.Name)
		}
		ops[row.Op], names[row.Name] = true, true
		if row.Head != "" && row.Head != "*" && !structs[row.Head] {
			t.Errorf("%s: its head %s is no payload struct", row.Name, row.Head)
		}
		if row.Room == "" || !strings.HasSuffix(row.Summary, ".") {
			t.Errorf("%s has no room, or a summary that is no sentence", row.Name)
		}
		page := row.From & (FromPage | ToPage)
		if row.From == 0 || page != 0 && row.From != page || (page != 0) != (row.Room == "page") {
			t.Errorf("%s: the page's line and the apps' ports share no operation", row.Name)
		}
	}
}

func TestRequestsHaveAnAnswer(t *testing.T) {
	for _, row := range Ops() {
		if !row.Reply {
			if row.Answer != 0 {
				t.Errorf("%s names an answer and is no request", row.Name)
			}
			continue
		}
		// An answer goes the other way.
		for from, back := range map[Direction]Direction{FromApp: FromHub, FromHub: FromApp, ToBroker: FromBroker, FromBroker: ToBroker} {
			if row.From&from == 0 {
				continue
			}
			answer := row.Answer
			if answer == 0 {
				answer = OpReply
			}
			info, ok := answer.Info()
			if !ok || info.From&back == 0 || info.Reply {
				t.Errorf("%s: %d does not answer it", row.Name, answer)
			}
			if fault, _ := OpError.Info(); fault.From&back == 0 {
				t.Errorf("%s: nothing can answer it with an error", row.Name)
			}
		}
	}
}

// TestPublicNumbersStay pins the numbers that travel. A row may be added; one that is here never changes.
func TestPublicNumbersStay(t *testing.T) {
	want := map[Op]string{
		1: "session.ack", 2: "session.refused", 3: "session.prove", 4: "session.peer", 5: "session.gone", 6: "session.bye", 7: "reply", 8: "error",
		20: "interop.register", 21: "interop.unregister", 22: "interop.invoke", 23: "interop.call", 24: "interop.result", 25: "interop.progress",
		26: "interop.cancel", 27: "interop.part", 28: "interop.end", 29: "interop.discover", 30: "interop.watch", 31: "interop.unwatch",
		32: "interop.methods", 33: "interop.await",
		40: "contexts.get", 41: "contexts.set", 42: "contexts.update", 43: "contexts.patch", 44: "contexts.subscribe", 45: "contexts.unsubscribe",
		46: "contexts.event", 47: "contexts.destroy", 48: "contexts.list", 49: "contexts.value",
		60: "apps.start", 61: "apps.stop", 62: "apps.list", 63: "apps.instances", 64: "apps.watch", 65: "apps.unwatch", 66: "apps.changed",
		67: "apps.define", 68: "apps.remove",
		80: "policy.get", 81: "policy.set", 82: "audit.watch", 83: "audit.event",
	}
	for op, name := range want {
		if info, ok := op.Info(); !ok || info.Name != name {
			t.Errorf("op %d is %q, want %q", op, info.Name, name)
		}
	}
	if info, ok := Op(9999).Info(); ok {
		t.Errorf("op 9999 is %q", info.Name)
	}
}

func TestCodes(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)
	seen := map[Code]bool{}
	for _, c := range Codes() {
		if seen[c.Code] || !form.MatchString(string(c.Code)) {
			t.Errorf("%q is there twice, or malformed", c.Code)
		}
		seen[c.Code] = true
		if c.Range < RangeRefusal || c.Range > RangeClient || !strings.HasSuffix(c.Meaning, ".") {
			t.Errorf("%s has no range, or a meaning that is no sentence", c.Code)
		}
		if c.Code.Retryable() != c.Retryable || NewFault(c.Code, "x").Retryable != c.Retryable {
			t.Errorf("%s: Retryable is not what the table says", c.Code)
		}
	}
	if Code("NO_SUCH_CODE").Retryable() {
		t.Error("a code that is not in the table is retryable")
	}
}

func TestTablesAreCopies(t *testing.T) {
	Ops()[0].Name, Codes()[0].Meaning, Versions()[0] = "x", "x", 99
	if Ops()[0].Name == "x" || Codes()[0].Meaning == "x" || Versions()[0] == 99 {
		t.Error("a caller can change a table")
	}
}

func TestVersionsAreNewestFirst(t *testing.T) {
	v := Versions()
	if !slices.IsSortedFunc(v, func(a, b int64) int { return int(b - a) }) || v[len(v)-1] < 1 {
		t.Errorf("versions are %v", v)
	}
}

func TestClampTimeout(t *testing.T) {
	for _, c := range []struct{ ms, def, want int64 }{
		{0, 5000, 5000}, {1, 5000, MinTimeoutMs}, {-1, 5000, MinTimeoutMs}, {MinTimeoutMs, 1, MinTimeoutMs}, {1234, 1, 1234},
		{MaxTimeoutMs, 1, MaxTimeoutMs}, {MaxTimeoutMs + 1, 1, MaxTimeoutMs}, {MaxID, 1, MaxTimeoutMs},
	} {
		if got := ClampTimeout(c.ms, c.def); got != c.want {
			t.Errorf("ClampTimeout(%d, %d) is %d, want %d", c.ms, c.def, got, c.want)
		}
	}
}

func TestLimitsOr(t *testing.T) {
	var own Limits
	v := reflect.ValueOf(&own).Elem()
	for i := range v.NumField() {
		if got := own.Or(DefaultLimits()); got != DefaultLimits() {
			t.Fatalf("zero limits are %+v", got)
		}
		v.Field(i).SetInt(7)
		got := own.Or(DefaultLimits())
		if reflect.ValueOf(got).Field(i).Int() != 7 {
			t.Errorf("%s is not taken", v.Type().Field(i).Name)
		}
		v.Field(i).SetInt(0)
	}
	d := reflect.ValueOf(DefaultLimits())
	for i := range d.NumField() {
		if d.Field(i).Int() <= 0 {
			t.Errorf("%s has no default", d.Type().Field(i).Name)
		}
	}
}

// TestTraitsAreTheTables: what is generated says what the tables say.
func TestTraitsAreTheTables(t *testing.T) {
	for op := range Op(300) {
		info, _ := op.Info()
		if got, want := op.Traits(), (Traits{info.From, info.BeforeReady, info.Reply}); got != want {
			t.Errorf("operation %d: %+v, want %+v", op, got, want)
		}
	}
	for _, info := range Codes() {
		if info.Code.Range() != info.Range || info.Code.Retryable() != info.Retryable {
			t.Errorf("%s: range %d, retryable %v", info.Code, info.Code.Range(), info.Code.Retryable())
		}
	}
	if Code("OTHER").Range() != 0 || Code("OTHER").Retryable() {
		t.Error("a code that there is not has traits")
	}
}
