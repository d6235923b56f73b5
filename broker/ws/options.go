package ws

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
	"github.com/crossframe/crossframe/protocol/stream"
)

// Receiver takes what arrives on one connection. Calls come one after the other, from the connection's own goroutine,
// and hold up its reading; they may use every method of the Conn. A panic ends the connection, not the broker.
type Receiver interface {
	// Receive takes the messages of one frame, at least one. They are valid during the call: what is kept is copied.
	Receive(c *Conn, messages []protocol.Envelope)
	// Closed is the last call. It comes once, also where the other side just vanished.
	Closed(c *Conn, why *stream.Closed)
}

// Options are the settings of a Server. The zero value works, and admits nobody.
type Options struct {
	// Origins lists who may connect from a browser; make it with origin.ExactList. If nil, no page may.
	Origins *origin.Patterns
	// DangerouslyAllowMissingOrigin admits requests without an Origin header, which is how programs outside of a browser
	// connect. The danger: the header is all that keeps a foreign page from connecting with a visitor's cookies,
	// and whatever strips it on the way takes that protection away. Set it only where no cookie authenticates.
	DangerouslyAllowMissingOrigin bool

	// OnOpen decides about a connection and says who takes what arrives. The Conn can send already. An error ends the
	// connection: with the code of the *stream.Closed that it wraps, or else with CloseInternal. It must not keep the
	// request, which would keep the buffers of the upgrade. If nil, every connection is closed with CloseTryLater.
	OnOpen func(c *Conn, r *http.Request) (Receiver, error)

	// OnRefuse hears of each request that does not become a connection, with the code of the answer: one of a fixed list. It must
	// neither block nor keep the request. If nil, nobody does.
	OnRefuse func(r *http.Request, code string)

	// FrameBytes bounds one frame that arrives; if zero, 1 MiB.
	FrameBytes int
	// Limits bound the parts of a frame that arrives.
	Limits stream.Limits
	// MessagesPerSecond and BurstMessages bound what one connection sends, a ping or an empty frame counted as a message; if
	// zero, 2,000 and 10,000.
	MessagesPerSecond, BurstMessages int
	// BytesPerSecond and BurstBytes bound the same in bytes; if zero, 16 MiB and 64 MiB.
	BytesPerSecond, BurstBytes int

	// QueueBytes bounds what waits to be written to one connection; if zero, 1 MiB. Who lets more wait is closed with
	// CloseTooSlow.
	QueueBytes int
	// MessageBytes bounds one message that is sent: what the other side reads. If zero, 8 MiB.
	MessageBytes int
	// WriteTimeout bounds each write, and how long a connection takes to close; if zero, 10 s.
	WriteTimeout time.Duration

	// PingEvery is the time between two pings; if zero, 25 s.
	PingEvery time.Duration
	// IdleTimeout ends a connection that says nothing for so long, not even a pong, and one that takes so long over one
	// frame; if zero, 60 s.
	IdleTimeout time.Duration

	// MaxConns bounds the connections; if zero, 10,000.
	MaxConns int
	// MaxConnsPerAddress bounds those of one address, or of one IPv6 network of 64 bits; if zero, 200.
	MaxConnsPerAddress int
	// Address says where a request comes from; if nil, its RemoteAddr. Behind a proxy that is the proxy: read the header
	// that it sets, and only if the request came from it.
	Address func(r *http.Request) string

	// Log gets what a Receiver panicked with; if nil, slog.Default().
	Log *slog.Logger
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
	number(&o.FrameBytes, 1<<20)
	number(&o.MessagesPerSecond, 2000)
	number(&o.BurstMessages, 10_000)
	number(&o.BytesPerSecond, 16<<20)
	number(&o.BurstBytes, 64<<20)
	number(&o.QueueBytes, 1<<20)
	number(&o.MessageBytes, 8<<20)
	number(&o.MaxConns, 10_000)
	number(&o.MaxConnsPerAddress, 200)
	duration(&o.WriteTimeout, 10*time.Second)
	duration(&o.PingEvery, 25*time.Second)
	duration(&o.IdleTimeout, 60*time.Second)
	if o.Origins == nil {
		nobody, _, _ := origin.NewPatterns(origin.ExactList, nil)
		o.Origins = &nobody
	}
	if o.OnOpen == nil {
		o.OnOpen = func(*Conn, *http.Request) (Receiver, error) {
			return nil, stream.NewClosed(stream.CloseTryLater, "nothing answers here yet")
		}
	}
	if o.OnRefuse == nil {
		o.OnRefuse = func(*http.Request, string) {}
	}
	if o.Address == nil {
		o.Address = func(r *http.Request) string { return r.RemoteAddr }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
