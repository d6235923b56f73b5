//go:build !js

package link_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

// TestBacklog: a page that was away comes back with as much as it may keep, which is more than its link takes at once. All of it gets
// to the broker, over one connection.
func TestBacklog(t *testing.T) {
	s := newStation(t)
	p := s.open("ada", "a1")
	app := p.apps["crm"]
	s.stop()
	p.until(t, "offline", func() bool { return p.state().State != protocol.LinkConnected })
	text := strings.Repeat("x", 200_000)
	const contexts = 48
	for i := range contexts {
		app.Request(protocol.Envelope{Op: protocol.OpContextSet, Name: fmt.Sprint("c", i), Head: []byte(`{"scope":"tenant"}`), Body: protocol.TextBody([]byte(`{"x":"` + text + `"}`))})
	}
	p.until(t, "all wait", func() bool { return p.state().Pending == contexts })
	s.start()
	connections := 0
	p.until(t, "all is written", func() bool { return p.state().State == protocol.LinkConnected && p.state().Pending == 0 })
	was := ""
	for _, e := range p.PageLog {
		var state protocol.LinkState
		if e.Op != protocol.OpPageLink || state.DecodeJSON(e.Head) != nil {
			continue
		}
		if state.State == protocol.LinkConnected && was != state.State {
			connections++
		}
		was = state.State
	}
	if connections != 2 {
		t.Errorf("%d connections", connections)
	}
}
