package link

import (
	"time"

	"github.com/crossframe/crossframe/protocol/stream"
)

// Options are the settings of a Link. The zero value works.
type Options struct {
	// Header is sent with the request. A browser sends its own and takes none: there Dial fails if it is set.
	Header map[string][]string
	// FrameBytes bounds one frame that arrives; if zero, 8 MiB and a bit, for messages as large as broker/ws sends.
	FrameBytes int
	// Limits bound the parts of a frame that arrives. Heads and bodies without a limit are bounded by FrameBytes alone: a
	// broker's heads are longer than an app's, and it tells whole contexts.
	Limits stream.Limits
	// MessageBytes bounds one message that is sent: what the broker reads. If zero, 1 MiB less 2 KiB, which makes a
	// frame of at most the megabyte that broker/ws takes.
	MessageBytes int
	// QueueBytes bounds what waits to be sent; if zero, 4 MiB.
	QueueBytes int
	// DialTimeout bounds how long connecting may take; if zero, 15 s. Not every program that runs WebAssembly says so when
	// it fails.
	DialTimeout time.Duration
	// WriteTimeout bounds each write, and how long the link takes to close; if zero, 10 s.
	WriteTimeout time.Duration
	// Heartbeat is the time between two empty frames, which the broker answers; if zero, 5 s.
	Heartbeat time.Duration
	// Silence ends a link on which nothing arrives for so long; if zero, 14 s: a network that lost its middle says nothing,
	// and whoever works is to know within 15 s.
	Silence time.Duration
}

// orDefault returns the options with every zero field set.
func (o Options) orDefault() Options {
	number := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	duration := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	number(&o.FrameBytes, 8<<20+64<<10)
	number(&o.Limits.HeadBytes, o.FrameBytes)
	number(&o.Limits.BodyBytes, o.FrameBytes)
	number(&o.MessageBytes, 1<<20-2<<10)
	number(&o.QueueBytes, 4<<20)
	duration(&o.DialTimeout, 15*time.Second)
	duration(&o.WriteTimeout, 10*time.Second)
	duration(&o.Heartbeat, 5*time.Second)
	duration(&o.Silence, 14*time.Second)
	return o
}
