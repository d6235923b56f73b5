package stream

import (
	"strconv"
	"unicode/utf8"
)

// Code says why a connection ended. It is a WebSocket close code (RFC 6455, section 7.4); those above 4000 are ours.
type Code uint16

// The codes. CloseAbnormal never travels: it stands for a connection that broke.
const (
	CloseNormal      Code = 1000
	CloseAway        Code = 1001
	CloseProtocol    Code = 1002
	CloseUnsupported Code = 1003
	CloseAbnormal    Code = 1006
	CloseInvalid     Code = 1007
	ClosePolicy      Code = 1008
	CloseTooLarge    Code = 1009
	CloseInternal    Code = 1011
	CloseRestart     Code = 1012
	CloseTryLater    Code = 1013
	// CloseSession: the session behind the connection ended.
	CloseSession Code = 4401
	// CloseOrigin: the origin may no longer connect.
	CloseOrigin Code = 4403
	// CloseSuperseded: a newer connection took this one's place.
	CloseSuperseded Code = 4409
	// CloseTooSlow: the other side reads too slowly, or sends too much.
	CloseTooSlow Code = 4429
)

// Final reports whether there is no use in connecting anew: the purpose is fulfilled, or it would end the same way.
func (c Code) Final() bool {
	switch c {
	case CloseNormal, CloseProtocol, CloseUnsupported, CloseInvalid, ClosePolicy, CloseSession, CloseOrigin, CloseSuperseded:
		return true
	}
	return false
}

// travels reports whether a close frame may carry the code (RFC 6455, section 7.4).
func (c Code) travels() bool {
	switch {
	case c >= 1000 && c <= 1003, c >= 1007 && c <= 1014, c >= 3000 && c <= 4999:
		return true
	}
	return false
}

// MaxReasonBytes bounds a reason: what a WebSocket close frame carries beside its code.
const MaxReasonBytes = 123

// Closed is the error of a connection that has ended.
//
// It also travels, as the last frame before the WebSocket's own close frame: a zero byte, the code as a uvarint, and
// the reason up to the end. A program in a browser may set few codes in a close frame, and what runs there may not
// see the one that came.
type Closed struct {
	Code Code
	// Reason is for developers. It holds nothing of another connection's data.
	Reason string
}

// Error implements error.
func (c *Closed) Error() string {
	text := "connection closed (" + strconv.Itoa(int(c.Code)) + ")"
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	return text
}

// NewClosed returns a Closed whose reason fits: it is cut at MaxReasonBytes, between characters.
func NewClosed(code Code, reason string) *Closed {
	if !utf8.ValidString(reason) {
		reason = ""
	}
	if len(reason) > MaxReasonBytes {
		end := MaxReasonBytes
		for !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	return &Closed{Code: code, Reason: reason}
}

// Sendable returns c as the other side may be told it: a code that does not travel becomes CloseInternal, without a
// reason, and a reason that does not fit is cut.
func (c *Closed) Sendable() *Closed {
	if !c.Code.travels() {
		return &Closed{Code: CloseInternal}
	}
	return NewClosed(c.Code, c.Reason)
}

// lastFrame is the first byte of a last frame. No version has that number.
const lastFrame = 0

// AppendClosed appends a last frame to dst; c is Sendable.
func AppendClosed(dst []byte, c *Closed) []byte {
	return append(appendNumber(append(dst, lastFrame), uint64(c.Code)), c.Reason...)
}

// ReadClosed reads a last frame; ok is false for every other frame, also for one that is malformed.
func ReadClosed(data []byte) (c *Closed, ok bool) {
	if len(data) == 0 || data[0] != lastFrame {
		return nil, false
	}
	code, n := readNumber(data[1:])
	if n != 2 || !Code(code).travels() {
		return nil, false
	}
	reason := data[1+n:]
	if len(reason) > MaxReasonBytes || !utf8.Valid(reason) {
		return nil, false
	}
	return &Closed{Code: Code(code), Reason: string(reason)}, true
}
