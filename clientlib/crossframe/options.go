package crossframe

import (
	"context"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// TokenSource brings what proves who connects. It is asked anew for each connection.
type TokenSource func(ctx context.Context) (string, error)

// StaticToken is a TokenSource for a token that does not expire.
func StaticToken(token string) TokenSource {
	return func(context.Context) (string, error) { return token, nil }
}

// Options are the settings of a Client. URL and Token must be set.
type Options struct {
	// URL is the address of the broker's WebSocket: ws:// or wss://, without a query.
	URL string
	// Token brings the program's token.
	Token TokenSource
	// App is what the program is called among its peers; if empty, "program".
	App string
	// CallTimeout is how long an answer may take where a call says nothing; if zero, 30 s.
	CallTimeout time.Duration
	// OnState is told when the connection is there (nil) and when it is lost, with the reason. It must not block.
	OnState func(err error)
}

// WriteOptions say how a shared context is written. The zero value writes whatever the revision is.
type WriteOptions struct {
	// Scope says among whom the context is shared: "user", "group:NAME", "tenant" or "everyone". If empty, "tenant".
	Scope string
	// IfRevision makes the write fail with REVISION_CONFLICT unless it is the current revision; -1 means: only where there
	// is no such context. If zero, the write is made whatever the revision is.
	IfRevision int64
	// Lifetime applies where the write creates the context: "durable", "session" or "owner". If empty, "durable".
	Lifetime string
	// Remove lists members that Update removes.
	Remove []string
}

// defaultScope is the scope of contexts and methods where a call names none: a program is no hub, whose apps would be
// among themselves.
const defaultScope = protocol.ScopeTenant

func scopeOr(scope string) string {
	if scope == "" {
		return defaultScope
	}
	return scope
}

// InvokeOptions say which peers a call goes to. The zero value calls the peer that offers the method for the longest time.
type InvokeOptions struct {
	// Instance calls the method of one instance.
	Instance string
	// Peer calls the method of one peer, by its number.
	Peer uint32
	// Timeout is how long the answer may take; if zero, Options.CallTimeout.
	Timeout time.Duration
	// WaitFor is how long to wait for the method to be offered; if zero, not at all.
	WaitFor time.Duration
	// Progress takes what the callee reports on its way. It must not block.
	Progress func(Value)
	// Trace is a W3C traceparent, handed on to the callee.
	Trace string
	// Parent is the call whose handler makes this call, by which loops are seen.
	Parent *Call
}
