package relay

import (
	"time"

	"github.com/crossframe/crossframe/broker/tracing"
	"github.com/crossframe/crossframe/protocol"
)

// question is a call of this connection that is not answered yet.
type question struct {
	by    *party
	begun time.Time
	span  *tracing.Span
}

// The outcomes of calls: a fixed list, whatever codes there are.
const (
	outcomeOK    = "ok"
	outcomeOther = "other"
)

var outcomes = map[protocol.Code]string{
	protocol.Timeout: "timeout", protocol.Cancelled: "cancelled", protocol.TargetGone: "gone", protocol.MethodNotFound: "not_found",
	protocol.PermissionDenied: "denied", protocol.HandlerError: "handler", protocol.SchemaViolation: "schema", protocol.LoopDetected: "loop",
	protocol.QuotaExceeded: "quota",
}

// asks notes that a call begins, and puts the broker's span between the caller's and the callee's where there is one. The mutex of
// the methods is held.
func (s *session) asks(by *party, e *protocol.Envelope) {
	q := question{by: by, begun: time.Now()}
	if tracer := s.relay.options.Tracer; tracer != nil {
		var o protocol.InvokeOptions
		if len(e.Head) == 0 || o.DecodeJSON(e.Head) == nil {
			q.span = tracer.Start("crossframe.call", o.Trace, "crossframe.method", e.Name, "crossframe.tenant", s.key.tenant, "crossframe.hub", s.key.hub)
			o.Trace = q.span.Trace()
			e.Head = o.AppendJSON(nil)
		}
	}
	s.asked[e.ID] = q
}

// settled notes the answer to a call, and passes over what is none. The mutex of the methods is held.
func (s *session) settled(e *protocol.Envelope) {
	switch e.Op {
	case protocol.OpResult, protocol.OpError, protocol.OpEnd:
	default:
		return
	}
	q, ok := s.asked[e.ID]
	if !ok {
		return
	}
	delete(s.asked, e.ID)
	if e.Op != protocol.OpError {
		s.relay.counters.called(outcomeOK, q.begun)
		q.span.End("")
		return
	}
	var f protocol.Fault
	_ = f.DecodeJSON(e.Head) // without a code it is another outcome
	outcome := outcomes[f.Code]
	if outcome == "" {
		outcome = outcomeOther
	}
	s.relay.counters.called(outcome, q.begun)
	q.span.End(string(f.Code))
}

// abandon notes that nobody waits for the calls of a peer any more, or of the whole connection where it is nil. The mutex of the
// methods is held.
func (s *session) abandon(by *party) {
	for id, q := range s.asked {
		if by == nil || q.by == by {
			delete(s.asked, id)
			s.relay.counters.called(outcomes[protocol.Cancelled], q.begun)
			q.span.End(string(protocol.Cancelled))
		}
	}
}

// called counts a call that has ended.
func (c *counters) called(outcome string, begun time.Time) {
	c.callTimes.Observe(time.Since(begun))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = make(map[string]uint64)
	}
	c.calls[outcome]++
}
