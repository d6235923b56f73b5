//go:build link

package main

import (
	"github.com/crossframe/crossframe/wasm/browser"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/link"
)

// newWorker returns the Worker of a hub that may have a broker.
func newWorker(opts hub.Options) *browser.Worker {
	// A hub that comes back asks at once for all that it follows.
	driver := link.NewDriver(link.Options{QueueBytes: 16 << 20}, browser.Wake)
	driver.Working = browser.Resume
	w := browser.NewWorker(browser.Bodies{}, opts.WithLink(driver))
	w.OnLink(func(now int64, h *hub.Hub) {
		driver.Take(func(e link.Event) {
			switch {
			case e.Opened:
				h.LinkOpened(now)
			case e.Closed != nil:
				h.LinkClosed(now, e.Closed)
			default:
				h.LinkReceived(now, e.Messages)
			}
		})
	})
	return w
}
