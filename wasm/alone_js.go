//go:build !link

package main

import (
	"github.com/crossframe/crossframe/wasm/browser"
	"github.com/crossframe/crossframe/wasm/hub"
)

// newWorker returns the Worker of a hub that has no broker. It links no WebSocket, which is a third of the other program.
func newWorker(opts hub.Options) *browser.Worker { return browser.NewWorker(browser.Bodies{}, opts) }
