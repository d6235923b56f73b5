package protocol

import (
	"errors"
	"testing"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

func TestFaultOf(t *testing.T) {
	own := NewFault(NotOwner, "mine")
	if FaultOf(nil) != nil || FaultOf(own) != own {
		t.Error("nil and faults stay what they are")
	}
	for reason, code := range map[jsontext.Reason]Code{
		jsontext.Malformed: BadMessage, jsontext.TooDeep: TooDeep, jsontext.Duplicate: BadMessage,
		jsontext.Unicode: BadMessage, jsontext.WrongKind: BadMessage, jsontext.TooLarge: TooLarge,
	} {
		if f := FaultOf(&jsontext.Error{Reason: reason}); f.Code != code {
			t.Errorf("reason %d is %s", reason, f.Code)
		}
	}
	if f := FaultOf(errors.New("other")); f.Code != BadMessage || f.Message != "other" {
		t.Errorf("another error is %v", f)
	}
}
