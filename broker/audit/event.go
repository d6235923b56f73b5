package audit

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
)

// RoleAuditor is the role that may read the trail of its tenant, as admins may, and nothing else beyond what everybody may.
const RoleAuditor = "auditor"

// Codes of what was done. What was refused has the code of the refusal.
const (
	BrokerStarted    protocol.Code = "BROKER_STARTED"
	BrokerStopped    protocol.Code = "BROKER_STOPPED"
	SessionBegun     protocol.Code = "SESSION_BEGUN"
	SessionEnded     protocol.Code = "SESSION_ENDED"
	RecordWritten    protocol.Code = "RECORD_WRITTEN"
	RecordDeleted    protocol.Code = "RECORD_DELETED"
	DirectoryChanged protocol.Code = "DIRECTORY_CHANGED"
	LicenseChanged   protocol.Code = "LICENSE_CHANGED"
)

// acts are the codes of what was done: nobody makes them by sending rubbish, and each one counts.
var acts = map[protocol.Code]bool{
	BrokerStarted: true, BrokerStopped: true, SessionBegun: true, SessionEnded: true,
	RecordWritten: true, RecordDeleted: true, DirectoryChanged: true, LicenseChanged: true,
}

// Who says that it happened.
const (
	// SourceBroker: the broker itself.
	SourceBroker = "broker"
	// SourceHub: a hub, of what happened in its page. Tenant, user and hub are the broker's word, all else is the hub's.
	SourceHub = "hub"
)

// Event is one line of the trail. Who notes one sets what is known; the Log sets Time, Node and Number.
type Event struct {
	Time time.Time `json:"time"`
	// Code says what happened: one of this package's, or of protocol.md's, or of the HTTP API.
	Code protocol.Code `json:"code"`
	// Source is SourceHub or SourceBroker; if empty, the latter.
	Source string `json:"source"`
	// Tenant is empty where nobody knows whose it is: the credential was refused, or nobody asked.
	Tenant   string `json:"tenant,omitempty"`
	User     string `json:"user,omitempty"`
	Hub      string `json:"hub,omitempty"`
	App      string `json:"app,omitempty"`
	Instance string `json:"instance,omitempty"`
	Origin   string `json:"origin,omitempty"`
	// Subject is what was changed, or why something ended: a record's kind, owner and name; the state of the license.
	Subject string `json:"subject,omitempty"`
	// Node is the broker, as it is named while it runs.
	Node string `json:"node"`
	// Request is the id of the HTTP request, or of the connection.
	Request string `json:"request,omitempty"`
	// HubTime is when it happened by the clock of the hub that tells it.
	HubTime *time.Time `json:"hubTime,omitempty"`
	// Dropped counts the events of this tenant, source and code before this one that are not in the trail, a hub's own among them.
	Dropped uint64 `json:"dropped,omitempty"`
	// Number counts the events of the node. Where the store did not confirm, an event may be in the log twice: with one number.
	Number uint64 `json:"number"`
}

// maxText bounds each text of an event.
const maxText = 256

// bound makes every text of the event one line of at most maxText bytes.
func (e *Event) bound() {
	for _, text := range []*string{&e.Tenant, &e.User, &e.Hub, &e.App, &e.Instance, &e.Origin, &e.Subject, &e.Request} {
		*text = line(*text)
	}
	e.Code = protocol.Code(line(string(e.Code)))
}

// line makes a text one that a terminal and a log can show: valid, without control characters, and short.
func line(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
		for len(s) > 0 && !utf8.ValidString(s) && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		s = strings.ToValidUTF8(s, "")
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return '\ufffd'
		}
		return r
	}, s)
}

// append appends the event as one line of JSON. It is called for bounded events only, which always can be written.
func (e *Event) append(dst []byte) []byte {
	text, err := json.Marshal(e)
	if err != nil {
		return dst
	}
	return append(append(dst, text...), '\n')
}
