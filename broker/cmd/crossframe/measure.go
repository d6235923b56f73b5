package main

import (
	"time"

	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/relay"
	"github.com/crossframe/crossframe/broker/server"
	"github.com/crossframe/crossframe/protocol/license"
)

// Names, types and meanings of all metrics are in docs/metrics.md, which a test holds against what is told here. Every label has a
// fixed list of values: a name of a user, an app or a tenant would be a time series of its own.

// measure tells the metrics what the relay, its store and its trail count.
func (l *link) measure(m *server.Metrics) {
	m.Measure(func(report server.Report) {
		s := l.Snapshot()
		measureRelay(report, &s)
		measureSocket(report, &s)
		measureContexts(report, &s.Contexts)
		l.measureStore(report)
		a := l.audit.Snapshot()
		report.Counter("crossframe_audit_written_total", "Audit events in the store.", float64(a.Written))
		report.Counter("crossframe_audit_dropped_total", "Audit events that are not, and never will be.", float64(a.Dropped))
		report.Counter("crossframe_audit_failures_total", "How often the store did not take audit events.", float64(a.Failed))
		report.Gauge("crossframe_audit_waiting", "Audit events that are not written yet.", float64(a.Waiting))
		report.Gauge("crossframe_license_seats_taken", "Users that have a seat at this broker.", float64(l.admission.seats.Taken()))
	})
}

func measureRelay(report server.Report, s *relay.Snapshot) {
	report.Gauge("crossframe_link_hubs", "Hubs and programs that are connected to this broker.", float64(s.Hubs))
	report.Gauge("crossframe_link_peers", "Peers of hubs, of programs and of other brokers.", float64(s.Peers))
	report.Gauge("crossframe_link_brokers", "Other brokers that this one is joined with.", float64(s.Nodes))
	report.Counter("crossframe_link_admitted_total", "Connections that said who they are.", float64(s.Admitted))
	report.Counter("crossframe_link_relinked_total", "How often the link to another broker was made anew.", float64(s.Relinked))
	report.Counter("crossframe_link_turns_total", "Turns of the room of methods.", float64(s.Turns))
	for code, n := range s.Refused {
		report.Counter("crossframe_link_refused_total", "Refusals, by code.", float64(n), "code", string(code))
	}
	report.Gauge("crossframe_calls_open", "Calls that wait for their answers.", float64(s.OpenCalls))
	for outcome, n := range s.Calls {
		report.Counter("crossframe_calls_total", "Calls that have ended, by outcome.", float64(n), "outcome", outcome)
	}
	report.Histogram("crossframe_call_seconds", "Time from a call's arrival to its answer.", s.CallTimes)
}

func measureSocket(report server.Report, s *relay.Snapshot) {
	report.Gauge("crossframe_link_connections", "WebSockets that are open.", float64(s.Socket.Open))
	report.Gauge("crossframe_link_queue_bytes", "Bytes that wait to be written to connections.", float64(s.Waiting))
	report.Gauge("crossframe_link_queue_bytes_most", "Bytes that wait for the connection for which most wait.", float64(s.MostWaiting))
	for direction, n := range map[string][2]uint64{"in": {s.Socket.FramesIn, s.Socket.BytesIn}, "out": {s.Socket.FramesOut, s.Socket.BytesOut}} {
		report.Counter("crossframe_link_frames_total", "Frames, by direction.", float64(n[0]), "direction", direction)
		report.Counter("crossframe_link_bytes_total", "Bytes of frames, by direction.", float64(n[1]), "direction", direction)
	}
	for why, n := range map[string]uint64{
		"too_slow": s.Socket.TooSlow, "too_much": s.Socket.TooMuch, "malformed": s.Socket.Malformed, "too_large": s.Socket.TooLarge, "silent": s.Socket.Silent,
		"panic": s.Socket.Panicked,
	} {
		report.Counter("crossframe_link_ended_total", "Connections that this side ended, by reason.", float64(n), "reason", why)
	}
	for why, n := range map[string]uint64{"origin": s.Socket.BadOrigin, "request": s.Socket.BadRequest, "full": s.Socket.Full} {
		report.Counter("crossframe_link_rejected_total", "Requests that did not become a connection, by reason.", float64(n), "reason", why)
	}
}

func measureContexts(report server.Report, c *contexts.Snapshot) {
	report.Gauge("crossframe_contexts", "Shared contexts that exist.", float64(c.Contexts))
	report.Gauge("crossframe_contexts_in_memory", "Those of them that are in use at this broker.", float64(c.Entries))
	report.Gauge("crossframe_contexts_subscriptions", "Subscriptions at this broker.", float64(c.Subscriptions))
	report.Gauge("crossframe_contexts_waiting", "Reads and writes that are not done yet.", float64(c.Waiting))
	report.Counter("crossframe_contexts_writes_total", "Writes that were acknowledged.", float64(c.Writes))
	report.Histogram("crossframe_contexts_write_seconds", "Time from a write's arrival to its acknowledgement.", c.WriteTimes)
	report.Counter("crossframe_contexts_stores_total", "Writes of the store that they took.", float64(c.Stores))
	report.Counter("crossframe_contexts_store_seconds_total", "Time that those took.", c.StoreSeconds)
	report.Counter("crossframe_contexts_conflicts_total", "How often another broker was faster.", float64(c.Conflicts))
	report.Counter("crossframe_contexts_unsaved_total", "How often the store did not confirm.", float64(c.Unsaved))
	report.Counter("crossframe_contexts_events_total", "Changes that were sent to subscribers.", float64(c.Events))
	report.Counter("crossframe_contexts_collapsed_total", "Values that were sent in place of changes, to who reads too slowly.", float64(c.Collapsed))
}

func (l *link) measureStore(report server.Report) {
	s := l.store.Snapshot()
	report.Gauge("crossframe_store_connected", "1 while there is a connection to the store.", bit(s.Connected))
	report.Gauge("crossframe_store_durable", "1 where anything outlives the store's process.", bit(l.store.Durable()))
	report.Gauge("crossframe_store_committing", "Writes that wait for the embedded store's next batch.", float64(s.Committing))
	report.Counter("crossframe_store_reconnects_total", "Connections to the store that took the place of a lost one.", float64(s.Reconnects))
	report.Counter("crossframe_store_gaps_total", "How often news of the store was missed, and a snapshot compared.", float64(s.Gaps))
	report.Counter("crossframe_store_slow_total", "How often news of the store came faster than it was taken.", float64(s.Slow))
	report.Counter("crossframe_store_bytes_total", "Bytes over the connection to the store, by direction.", float64(s.InBytes), "direction", "in")
	report.Counter("crossframe_store_bytes_total", "Bytes over the connection to the store, by direction.", float64(s.OutBytes), "direction", "out")
}

// licenseStates are all states that are told, each as a series of its own: one of them is 1.
var licenseStates = []license.State{"not_needed", license.StateValid, license.StateExpiring, license.StateGrace, license.StateExpired, license.StateRevoked, "missing"}

// measureLicense tells how the license stands.
func measureLicense(m *server.Metrics, c *licensing.Checker) {
	m.Measure(func(report server.Report) {
		s := c.Standing()
		now := s.State
		switch {
		case !s.Needed:
			now = "not_needed"
		case now == "":
			now = "missing"
		}
		for _, state := range licenseStates {
			report.Gauge("crossframe_license_state", "1 for the state that the license is in.", bit(state == now), "state", string(state))
		}
		if s.Needed && s.License.ID != "" {
			report.Gauge("crossframe_license_days_left", "Days until the license and its grace days end.", time.Until(time.Unix(s.License.Ends(), 0)).Hours()/24)
		}
		if limit, limited := s.Limit(license.LimitUsers); limited {
			report.Gauge("crossframe_license_seats", "Users that may be connected at a time.", float64(limit))
		}
	})
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
