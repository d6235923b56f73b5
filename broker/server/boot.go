package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/protocol"
)

// BootPath is where the main page gets its configuration.
const BootPath = "/config.json"

// Boot serves the configuration to the main page, and to nobody else: it holds the license key. For each answer fill adds
// what changes while the broker runs, NowMs among it; if nil, that is the machine's clock.
func Boot(config protocol.PageConfig, fill func(*protocol.PageConfig)) http.Handler {
	if fill == nil {
		fill = func(c *protocol.PageConfig) { c.NowMs = time.Now().UnixMilli() }
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Vary", "Sec-Fetch-Site, Origin")
		if !ownRequest(r) {
			fault.Refuse(w, http.StatusForbidden, fault.Forbidden, "Only the main page may read this.")
			return
		}
		now := config
		fill(&now)
		body := now.AppendJSON(nil)
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
}

// ownRequest reports whether the request can be of a page of this very origin. Browsers say so in Sec-Fetch-Site
// wherever the address is trustworthy; elsewhere an Origin header tells it of requests that could read the answer.
// A page of another origin that sends neither cannot read it: no header here allows that.
func ownRequest(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	sent := r.Header.Get("Origin")
	return sent == "" || sent == "http://"+r.Host || sent == "https://"+r.Host
}
