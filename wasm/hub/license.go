package hub

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/wasm/peer"
)

// licenseCheckMs is how often a running hub looks at its license again.
const licenseCheckMs = 60 * 60 * 1000

// checkLicense judges the license for the main page's own origin. Its claims come from the Worker, which has authenticated
// them. Local development needs none.
func (h *Hub) checkLicense(result *protocol.BootResult) (fault *protocol.Fault) {
	switch {
	case !license.NeedsLicense(h.boot.Origin):
		result.License = "development"
		return nil
	case h.boot.LicenseFault != nil:
		return h.boot.LicenseFault
	case h.boot.LicenseClaims == "":
		return protocol.NewFault(protocol.LicenseMissing, "this platform needs a license key on "+h.boot.Origin+"; set license.key in the configuration")
	}
	h.license, fault = license.Check([]byte(h.boot.LicenseClaims), h.boot.Origin, h.boot.NowMs/1000)
	if fault != nil {
		return fault
	}
	result.License = string(h.license.State)
	h.licenseDue = h.turn.Now + licenseCheckMs
	return nil
}

// recheckLicense tells the page when the license's state has changed. Once it has expired, with its grace days, nobody new
// is admitted; who is connected goes on.
func (h *Hub) recheckLicense(t *peer.Turn) {
	if h.licenseDue == 0 || t.Now < h.licenseDue {
		return
	}
	h.licenseDue = t.Now + licenseCheckMs
	state, fault := h.license.At((t.Now + h.clockMs) / 1000)
	if state == h.license.State {
		return
	}
	h.license.State, h.fault = state, fault
	if fault != nil {
		h.licenseDue = 0
	}
	result := protocol.BootResult{License: string(state), Fault: fault}
	h.ports.Page(protocol.Envelope{Op: protocol.OpPageReady, Head: result.AppendJSON(nil)})
}
