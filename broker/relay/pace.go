package relay

import (
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// costly are the operations whose turns grow with how many are connected, or offer something. All others wait for a turn, those of
// other tenants too.
var costly = map[protocol.Op]bool{
	protocol.OpRegister: true, protocol.OpUnregister: true, protocol.OpDiscover: true, protocol.OpWatch: true,
}

// Each connection may ask for so many of them at once, and for one in each so much time thereafter. A hub that comes back has all
// that its apps offer to say again.
const (
	costlyBurst = 2000
	costlyEach  = 5 * time.Millisecond
)

// pace is how fast one connection asks for what is costly. The zero value has asked for nothing.
type pace struct {
	// until is when everything that was asked for would have been done, one in each costlyEach.
	until time.Time
}

// wait returns how long to wait before one more. Who is too fast is read more slowly, and refused nothing.
func (p *pace) wait(now time.Time) time.Duration {
	if p.until.Before(now) {
		p.until = now
	}
	p.until = p.until.Add(costlyEach)
	return p.until.Sub(now) - costlyBurst*costlyEach
}
