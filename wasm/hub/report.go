package hub

import "github.com/crossframe/crossframe/protocol"

// maxReports bounds the audit events that wait for a connection. The oldest are kept: they say how it began.
const maxReports = 100

// report tells the broker of an audit event, now or when there is a connection. There are at most ten of a code in a second;
// see note. What waits ends with the program: it is told, not owed.
func (b *broker) report(event protocol.AuditEvent) {
	switch {
	case b.phase == connected && b.put(reported(&event)) == nil:
	case len(b.reports) < maxReports:
		b.reports = append(b.reports, event)
	default:
		b.unreported++
	}
}

// tellReports tells what has waited for the connection.
func (b *broker) tellReports() {
	for len(b.reports) > 0 {
		event := b.reports[0]
		event.Dropped += b.unreported
		if b.put(reported(&event)) != nil {
			return
		}
		b.reports, b.unreported = b.reports[1:], 0
	}
	b.reports = nil
}

func reported(event *protocol.AuditEvent) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpAuditReport, Head: event.AppendJSON(nil)}
}
