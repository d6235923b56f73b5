package protocol

// Bounds that hold everywhere, whatever a configuration says.
const (
	// MaxHeaderBytes bounds Name and the connection id, in UTF-8 bytes.
	MaxHeaderBytes = 1 << 10
	// MaxHeadBytes bounds the head of a message that an app sends, in UTF-8 bytes.
	MaxHeadBytes = 64 << 10
	// MaxTuplesPerFrame bounds how many messages one frame carries.
	MaxTuplesPerFrame = 256
	// MaxDepth bounds the nesting of JSON wherever it is read.
	MaxDepth = 64
	// MaxNameRunes bounds the names of methods, contexts and apps.
	MaxNameRunes = 256
	// MaxMembers bounds the members of a shared context's value; nested objects have no such bound.
	MaxMembers = 1 << 16
)

// Limits are the per-connection bounds that INIT_ACK tells a client app and the guard enforces. A zero field
// means the default in DefaultLimits.
type Limits struct {
	// BodyBytes bounds one body, in UTF-8 bytes for text.
	BodyBytes int64 `json:"bodyBytes,omitempty"`
	// MessagesPerSecond refills the token bucket; replies to calls are not charged.
	MessagesPerSecond int64 `json:"messagesPerSecond,omitempty"`
	// Burst is the bucket's size.
	Burst int64 `json:"burst,omitempty"`
	// Methods bounds the methods that one peer offers.
	Methods int64 `json:"methods,omitempty"`
	// Subscriptions bounds the context subscriptions and watches of one peer.
	Subscriptions int64 `json:"subscriptions,omitempty"`
	// PendingCalls bounds the calls of one peer that wait for an answer.
	PendingCalls int64 `json:"pendingCalls,omitempty"`
	// Contexts bounds the shared contexts that exist because one peer created them.
	Contexts int64 `json:"contexts,omitempty"`
	// ContextBytes bounds the value of one shared context, in UTF-8 bytes of its JSON text.
	ContextBytes int64 `json:"contextBytes,omitempty"`
}

// DefaultLimits returns the limits of an app whose definition sets none.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes:         1 << 20,
		MessagesPerSecond: 200,
		Burst:             1000,
		Methods:           1000,
		Subscriptions:     1000,
		PendingCalls:      1000,
		Contexts:          1000,
		ContextBytes:      4 << 20,
	}
}

// Or returns l with each zero field taken from d.
func (l Limits) Or(d Limits) Limits {
	pick := func(v, d int64) int64 {
		if v == 0 {
			return d
		}
		return v
	}
	return Limits{
		BodyBytes:         pick(l.BodyBytes, d.BodyBytes),
		MessagesPerSecond: pick(l.MessagesPerSecond, d.MessagesPerSecond),
		Burst:             pick(l.Burst, d.Burst),
		Methods:           pick(l.Methods, d.Methods),
		Subscriptions:     pick(l.Subscriptions, d.Subscriptions),
		PendingCalls:      pick(l.PendingCalls, d.PendingCalls),
		Contexts:          pick(l.Contexts, d.Contexts),
		ContextBytes:      pick(l.ContextBytes, d.ContextBytes),
	}
}

// Bounds of a call's time, in milliseconds. A timeout outside of them is clamped.
const (
	MinTimeoutMs     = 100
	MaxTimeoutMs     = 10 * 60 * 1000
	DefaultTimeoutMs = 30 * 1000
	// DefaultStartMs is how long an app may take from its launch to its first ready connection.
	DefaultStartMs = 20 * 1000
	// ProofMs is how long a document may take to echo a challenge.
	ProofMs = 2000
)

// ClampTimeout returns ms within [MinTimeoutMs, MaxTimeoutMs]; 0 means def.
func ClampTimeout(ms, def int64) int64 {
	switch {
	case ms == 0:
		return def
	case ms < MinTimeoutMs:
		return MinTimeoutMs
	case ms > MaxTimeoutMs:
		return MaxTimeoutMs
	}
	return ms
}

// MaxHops bounds how often a call may lead to another call before it counts as a loop.
const MaxHops = 32
