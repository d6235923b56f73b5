package protocol

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// codec is what the generator writes for each payload struct.
type codec interface {
	AppendJSON(dst []byte) []byte
	DecodeJSON(text []byte) error
}

// payloads returns a zero value of every payload struct.
func payloads() []codec {
	return []codec{
		&Ack{}, &AppChange{}, &AppList{}, &AuditEvent{}, &AwaitOptions{}, &Boot{}, &BootResult{}, &CallInfo{},
		&Challenge{}, &ConnectionRecord{}, &PendingRecord{}, &ReplicaRecord{}, &ContextChange{}, &ContextInfo{}, &ContextList{}, &ContextOptions{}, &Definition{}, &Fault{},
		&Frame{}, &FrameSpec{}, &FrameState{}, &Grants{}, &Greet{}, &Greeting{}, &Hello{}, &Identity{}, &InstanceInfo{}, &InstanceList{},
		&InstanceRecord{}, &InvokeOptions{}, &Limits{}, &LinkConfig{}, &LinkState{}, &MethodChange{}, &MethodInfo{}, &MethodList{}, &MethodOptions{},
		&MethodQuery{}, &Misuse{}, &LicenseReport{}, &PageConfig{}, &PatchOptions{}, &PeerInfo{}, &Policy{}, &SharingRule{}, &StartOptions{}, &Token{},
		&TrustedKey{}, &User{}, &WriteOptions{}, &WriteResult{},
	}
}

func nameOf(c codec) string { return reflect.TypeOf(c).Elem().Name() }

// fresh returns a new value of c's type.
func fresh(c codec) codec { return reflect.New(reflect.TypeOf(c).Elem()).Interface().(codec) }

// fill sets every field below v to something that is not its zero value; n makes the values differ.
func fill(v reflect.Value, n *int64) {
	*n++
	if v.Type() == reflect.TypeFor[Raw]() {
		v.SetBytes([]byte(`{"é":[1,"x<\u2028"]}`))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("é\"\\\n" + string(rune('a'+*n%26)))
	case reflect.Int64:
		v.SetInt(*n - 2*(*n%2)**n)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("no payload has a " + v.Kind().String())
	}
}

// MarshalJSON lets encoding/json see a Raw as the codecs do.
func (r Raw) MarshalJSON() ([]byte, error) { return r, nil }

// UnmarshalJSON is the other half of MarshalJSON.
func (r *Raw) UnmarshalJSON(text []byte) error {
	*r = append(Raw(nil), text...)
	return nil
}

// standard is the text that encoding/json makes of v, without the omitted structs that it writes as {}.
func standard(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return generic(t, text)
}

func generic(t *testing.T, text []byte) any {
	t.Helper()
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func TestCodecsAgreeWithEncodingJSON(t *testing.T) {
	for _, p := range payloads() {
		t.Run(nameOf(p), func(t *testing.T) {
			var n int64
			fill(reflect.ValueOf(p).Elem(), &n)
			text := p.AppendJSON(nil)
			if got, want := generic(t, text), standard(t, p); !reflect.DeepEqual(got, want) {
				t.Errorf("wrote\n%s\nwant\n%v", text, want)
			}
			back := fresh(p)
			if err := back.DecodeJSON(text); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back, p) {
				t.Errorf("read back\n%+v\nwant\n%+v", back, p)
			}
			theirs := fresh(p)
			if err := json.Unmarshal(text, theirs); err != nil || !reflect.DeepEqual(theirs, p) {
				t.Errorf("encoding/json reads %s as %+v, %v", text, theirs, err)
			}
		})
	}
}

func TestZeroPayloads(t *testing.T) {
	for _, p := range payloads() {
		text := p.AppendJSON(nil)
		for _, in := range []string{"", "{}", string(text), ` { "unknown" : [ { } ] } `} {
			back := fresh(p)
			var n int64
			fill(reflect.ValueOf(back).Elem(), &n)
			if err := back.DecodeJSON([]byte(in)); err != nil {
				t.Errorf("%s of %q: %v", nameOf(p), in, err)
			}
			if got := back.AppendJSON(nil); !bytes.Equal(got, text) {
				t.Errorf("%s of %q is %s, want %s", nameOf(p), in, got, text)
			}
		}
	}
}

func TestAppendGoesOnBehindWhatIsThere(t *testing.T) {
	v := Limits{Burst: 3}
	if got, want := string(v.AppendJSON([]byte("["))), `[{"burst":3}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNullIsAbsent(t *testing.T) {
	var v Definition
	err := v.DecodeJSON([]byte(`{"name":null,"grants":null,"custom":null,"limits":null,"origins":null,"hidden":null,"x":null}`))
	if err != nil || !reflect.DeepEqual(v, Definition{}) {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestEmptyGrantsAreNotAbsentGrants(t *testing.T) {
	v := Definition{Grants: &Grants{}}
	text := v.AppendJSON(nil)
	if want := `{"name":"","url":"","grants":{}}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	var back Definition
	if err := back.DecodeJSON(text); err != nil || back.Grants == nil {
		t.Errorf("got %+v, %v", back, err)
	}
}

func TestBrokenRawIsLeftOut(t *testing.T) {
	v := Definition{Name: "a", Custom: Raw(`{"x":`)}
	if got, want := string(v.AppendJSON(nil)), `{"name":"a","url":""}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecodedPayloadKeepsNothingOfTheText(t *testing.T) {
	text := []byte(`{"name":"abc","custom":{"k":"v"},"categories":["x"]}`)
	var v Definition
	if err := v.DecodeJSON(text); err != nil {
		t.Fatal(err)
	}
	clear(text)
	if got, want := string(v.AppendJSON(nil)), `{"name":"abc","url":"","categories":["x"],"custom":{"k":"v"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	for _, c := range []struct {
		text string
		code Code
		want string
	}{
		{`[]`, BadMessage, "JSON at byte 0: want an object"},
		{`{"limits":{"burst":1.5}}`, BadMessage, "limits.burst: want an integer"},
		{`{"limits":{"burst":9007199254740992}}`, BadMessage, "limits.burst: want an integer"},
		{`{"limits":{"burst":"1"}}`, BadMessage, "limits.burst: want an integer"},
		{`{"limits":[]}`, BadMessage, "limits: want an object"},
		{`{"apps":{}}`, BadMessage, "apps: want an array"},
		{`{"apps":[{},{"frame":{"allow":["x",7]}}]}`, BadMessage, "apps[1].frame.allow[1]: want a string"},
		{`{"apps":[null]}`, BadMessage, "apps[0]: want an object"},
		{`{"apps":[{"hidden":0}]}`, BadMessage, "apps[0].hidden: want true or false"},
		{`{"user":{"id":"a","id":"b"}}`, BadMessage, "JSON at byte 18: duplicate member"},
		{`{"x":{"y":1,"\u0079":2}}`, BadMessage, "JSON at byte 12: duplicate member"},
		{`{"hub":"` + "\xff" + `"}`, BadMessage, "JSON at byte 8: invalid UTF-8"},
		{`{"hub":"\udc00"}`, BadMessage, "JSON at byte 8: half of a surrogate pair"},
		{`{"hub":"a"`, BadMessage, "JSON at byte 10: want ',' or '}'"},
		{`{"hub":"a"} x`, BadMessage, "JSON at byte 12: want the end of the text"},
		{`{"x":` + deep + `}`, TooDeep, "JSON at byte 68: nested more than 64 deep"},
	} {
		err := new(Boot).DecodeJSON([]byte(c.text))
		fault, ok := err.(*Fault)
		if !ok || fault.Code != c.code || fault.Message != c.want || fault.Retryable {
			t.Errorf("%.40s: got %v, want %s: %s", c.text, err, c.code, c.want)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	list := func(n int) []byte { return []byte(`{"removed":[` + strings.Repeat(`"",`, n-1) + `""]}`) }
	if err := new(AppChange).DecodeJSON(list(MaxElements)); err != nil {
		t.Error(err)
	}
	err := new(AppChange).DecodeJSON(list(MaxElements + 1))
	if want := "BAD_MESSAGE: removed[100000]: want at most 100000 elements"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzDecode: whatever the decoders take, they write back as something that they read as the same value.
func FuzzDecode(f *testing.F) {
	for i, p := range payloads() {
		var n int64
		fill(reflect.ValueOf(p).Elem(), &n)
		f.Add(uint8(i), p.AppendJSON(nil))
	}
	f.Add(uint8(0), []byte(`{"me":{"peer":1e3}}`))
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		all := payloads()
		first := all[int(which)%len(all)]
		err := first.DecodeJSON(text)
		if err != nil {
			if fault, ok := err.(*Fault); !ok || (fault.Code != BadMessage && fault.Code != TooDeep) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if len(text) > 0 && !json.Valid(text) {
			t.Fatalf("took %q", text)
		}
		again := fresh(first)
		if err := again.DecodeJSON(first.AppendJSON(nil)); err != nil || !reflect.DeepEqual(first, again) {
			t.Fatalf("%q: %+v, then %+v, %v", text, first, again, err)
		}
	})
}

func BenchmarkInvokeOptions(b *testing.B) {
	in := InvokeOptions{Target: TargetAll, TimeoutMs: 5000, Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	var out InvokeOptions
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = in.AppendJSON(text[:0])
		if err := out.DecodeJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInvokeOptionsStandard(b *testing.B) {
	in := InvokeOptions{Target: TargetAll, TimeoutMs: 5000, Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	var out InvokeOptions
	b.ReportAllocs()
	for b.Loop() {
		text, err := json.Marshal(&in)
		if err != nil {
			b.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil {
			b.Fatal(err)
		}
	}
}
