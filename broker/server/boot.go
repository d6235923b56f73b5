package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// BootPath is where the main page gets its configuration.
const BootPath = "/config.json"

// Page is what the main page itself is told, beside what the hub is told.
type Page struct {
	// Title is the workspace's title; if empty, the page has one.
	Title string
	// Debug puts the running platform within reach of the browser's console, and offers to end the hub.
	Debug bool
}

// Boot serves the configuration to the main page, and to nobody else: it holds the license key. The answer is the
// JSON of protocol.Boot with the page's members before it. The page fills in what only it knows: its origin, the
// hub's id and the epoch. The server's clock is in nowMs.
func Boot(page Page, boot protocol.Boot) http.Handler {
	head := []byte("{")
	if page.Title != "" {
		head = append(jsontext.AppendString(append(head, `"title":`...), page.Title), ',')
	}
	if page.Debug {
		head = append(head, `"debug":true,`...)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Vary", "Sec-Fetch-Site, Origin")
		if !ownRequest(r) {
			refuse(w, r, http.StatusForbidden, codeForbidden, "Only the main page may read this.")
			return
		}
		now := boot
		now.NowMs = time.Now().UnixMilli()
		body := append(head[:len(head):len(head)], now.AppendJSON(nil)[1:]...)
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
