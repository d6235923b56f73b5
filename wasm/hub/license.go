package hub

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/wasm/peer"
)

const (
	// licenseCheckMs is how often a running hub looks at its license again.
	licenseCheckMs = 60 * 60 * 1000
	// revokedMs is how long connected apps go on under a license that was revoked: time to finish what is under way.
	revokedMs = 15 * 60 * 1000
)

// standing is how the hub stands with its license.
type standing struct {
	// needed: the main page's origin needs a license.
	needed  bool
	license license.License
	// due is when to look at the license again, on the clock of the turns; 0 means never.
	due int64
	// endsAt is when the connections of a revoked license end, on the clock of the turns; 0 where they do not.
	endsAt int64
	// told is what the page heard last.
	told protocol.BootResult
}

// checkLicense judges the license for the main page's own origin at boot. Its claims come from the Worker, which has
// authenticated them. Local development needs none.
func (h *Hub) checkLicense(result *protocol.BootResult) *protocol.Fault {
	if !license.NeedsLicense(h.boot.Origin) {
		result.License = "development"
		return nil
	}
	h.standing.needed = true
	fault := h.judge(h.turn.Now, h.boot.LicenseClaims, h.boot.LicenseFault)
	h.standing.told = h.licenseResult(fault)
	result.License, result.LicenseUntilMs = h.standing.told.License, h.standing.told.LicenseUntilMs
	return fault
}

// judge takes over what the Worker found of the license: its claims, or why there are none.
func (h *Hub) judge(now int64, claims string, fault *protocol.Fault) *protocol.Fault {
	s := &h.standing
	s.license, s.due = license.License{}, 0
	switch {
	case fault != nil:
	case claims == "":
		fault = protocol.NewFault(protocol.LicenseMissing, "this platform needs a license key on "+h.boot.Origin+"; set license.key in the configuration")
	default:
		s.license, fault = license.Check([]byte(claims), h.boot.Origin, (now+h.clockMs)/1000)
	}
	if fault == nil {
		s.due = now + licenseCheckMs
	} else if fault.Code == protocol.LicenseRevoked {
		s.license.State = license.StateRevoked
	}
	return fault
}

// licenseTurn handles page.license: the Worker has looked at the license again. A new key lets a hub that had stopped for its
// license go on. What else may be wrong with its configuration was found before the license was looked at, and is not mended.
func (h *Hub) licenseTurn(t *peer.Turn) {
	var report protocol.LicenseReport
	if err := report.DecodeJSON(t.Msg.Head); err != nil || !h.standing.needed {
		return
	}
	h.clockMs = report.NowMs - t.Now
	h.fault = h.judge(t.Now, report.Claims, report.Fault)
	h.revokedTurn(t)
}

// revokedTurn gives the connections of a revoked license their time, once, and takes that back when there is another license.
func (h *Hub) revokedTurn(t *peer.Turn) {
	s := &h.standing
	switch {
	case s.license.State != license.StateRevoked:
		s.endsAt = 0
	case s.endsAt == 0 && len(h.live()) > 0:
		s.endsAt = t.Now + revokedMs
	}
	h.tellLicense()
}

// recheckLicense tells the page when the license's state has changed. Once it has expired, with its grace days, nobody new
// is admitted; who is connected goes on. Under a license that was revoked nobody goes on when the time for it is over.
func (h *Hub) recheckLicense(t *peer.Turn) {
	s := &h.standing
	if s.endsAt != 0 && t.Now >= s.endsAt {
		s.endsAt = 0
		for _, c := range h.live() {
			h.endWith(c, h.fault)
		}
		h.tellLicense()
	}
	if s.due == 0 || t.Now < s.due {
		return
	}
	s.due = t.Now + licenseCheckMs
	s.license.State, h.fault = s.license.At((t.Now + h.clockMs) / 1000)
	if h.fault != nil {
		s.due = 0
	}
	h.tellLicense()
}

// tellLicense tells the page how things stand, where it has not heard.
func (h *Hub) tellLicense() {
	now, told := h.licenseResult(h.fault), &h.standing.told
	if now.License == told.License && now.LicenseUntilMs == told.LicenseUntilMs && codeOf(now.Fault) == codeOf(told.Fault) {
		return
	}
	*told = now
	h.ports.Page(protocol.Envelope{Op: protocol.OpPageReady, Head: now.AppendJSON(nil)})
}

func codeOf(fault *protocol.Fault) protocol.Code {
	if fault == nil {
		return ""
	}
	return fault.Code
}

// licenseResult is what the page is told of the license beside the fault.
func (h *Hub) licenseResult(fault *protocol.Fault) protocol.BootResult {
	s := &h.standing
	result := protocol.BootResult{License: string(s.license.State), Fault: fault}
	switch s.license.State {
	case license.StateValid, license.StateExpiring:
		result.LicenseUntilMs = s.license.Expires * 1000
	case license.StateGrace:
		result.LicenseUntilMs = s.license.Ends() * 1000
	case license.StateRevoked:
		if s.endsAt != 0 {
			result.LicenseUntilMs = s.endsAt + h.clockMs
		}
	}
	return result
}

// checkLimit holds a visitor in a frame against the number of apps that the license allows in one page. Who is connected goes
// on, and may connect anew; documents that are nested in an app are part of it.
func (h *Hub) checkLimit(frame uint64) *protocol.Fault {
	limit, limited := h.standing.license.Limits[license.LimitApps]
	if !limited {
		return nil
	}
	frames := make(map[uint64]struct{})
	for s := range h.bySource {
		if s.frame != 0 {
			frames[s.frame] = struct{}{}
		}
	}
	if _, known := frames[frame]; known || int64(len(frames)) < limit {
		return nil
	}
	return protocol.NewFault(protocol.LicenseLimit, "this page has as many apps as its license key allows at a time ("+
		strconv.FormatInt(limit, 10)+")")
}
