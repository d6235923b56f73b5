package relay

import (
	"net/http"
	"strconv"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// refusedRequest notes a request that did not become a connection. Nobody knows whose it was.
func (r *Relay) refusedRequest(request *http.Request, code string) {
	r.options.Audit.Note(audit.Event{Code: protocol.Code(code), Origin: request.Header.Get("Origin")})
}

// event returns one about the connection, with what is known of it.
func (s *session) event(code protocol.Code) audit.Event {
	who := s.identity()
	return audit.Event{
		Code: code, Tenant: who.Tenant, User: who.User.ID, Hub: s.key.hub, App: s.record.App, Origin: s.origin, Request: s.id,
	}
}

func (s *session) note(code protocol.Code) { s.relay.options.Audit.Note(s.event(code)) }

// ended notes the end of a connection that had said who it is. What the other side gives as its reason is not kept: it may say
// anything.
func (s *session) ended(why *stream.Closed) {
	e := s.event(audit.SessionEnded)
	if why != nil {
		e.Subject = "closed with " + strconv.Itoa(int(why.Code))
	}
	s.relay.options.Audit.Note(e)
}

// denials are the codes of errors that are told to the audit: somebody wanted what he may not. Others are daily life, such as a
// context that is not there, or that was changed meanwhile.
var denials = map[protocol.Code]bool{
	protocol.PermissionDenied: true, protocol.NotOwner: true, protocol.ScopeUnavailable: true, protocol.QuotaExceeded: true,
	protocol.UnknownOperation: true, protocol.BadMessage: true, protocol.TooLarge: true, protocol.TooDeep: true, protocol.Internal: true,
}

// denied notes an error that the room of contexts answers with.
func (s *session) denied(by *protocol.PeerInfo, m *protocol.Envelope) {
	var f protocol.Fault
	if f.DecodeJSON(m.Head) != nil || !denials[f.Code] {
		return
	}
	e := s.event(f.Code)
	if by != nil {
		e.App, e.Instance, e.Origin = by.App, by.Instance, by.Origin
	}
	s.relay.options.Audit.Note(e)
}

// eventOf is what the room of methods tells, with whose turn it was.
func eventOf(a *protocol.AuditEvent, from *party) audit.Event {
	e := audit.Event{Code: a.Code, App: a.App, Instance: a.Instance, Origin: a.Origin}
	if from != nil {
		e.User, e.Hub, e.Tenant, e.Request = from.Info.UserID, from.Info.Hub, from.Info.Tenant, from.ConnectionID
	}
	return e
}

// reportable are the codes that a hub may report.
var reportable = func() map[protocol.Code]bool {
	codes := make(map[protocol.Code]bool)
	for _, c := range protocol.Codes() {
		codes[c.Code] = true
	}
	return codes
}()

// maxDropped bounds how many events a hub may say that it has not told.
const maxDropped = 1 << 32

// reported takes audit.report. Whose hub it is, is what the broker knows; what happened there is the hub's word, and marked so.
func (s *session) reported(m *protocol.Envelope) {
	var a protocol.AuditEvent
	if a.DecodeJSON(m.Head) != nil || !reportable[a.Code] {
		s.fail(m.ID, protocol.NewFault(protocol.BadMessage, "audit.report: this is no event"))
		return
	}
	e := s.event(a.Code)
	e.Source, e.App, e.Instance, e.Origin = audit.SourceHub, a.App, a.Instance, a.Origin
	e.Dropped = uint64(min(max(a.Dropped, 0), maxDropped))
	if a.TimeMs > 0 && a.TimeMs < maxTimeMs {
		at := time.UnixMilli(a.TimeMs).UTC()
		e.HubTime = &at
	}
	s.relay.options.Audit.Note(e)
}

// maxTimeMs is the end of the year 9999: what is later cannot be written.
const maxTimeMs = 253_402_300_800_000
