package protocol

// MethodOptions is the head of interop.register.
type MethodOptions struct {
	DisplayName string `json:"displayName,omitempty"`
	Description string `json:"description,omitempty"`
	// Accepts is a signature ("String customerId, Number? limit") or a JSON Schema object for the arguments.
	// If empty, anything is accepted, and the hub does not look into the arguments.
	Accepts Raw `json:"accepts,omitempty"`
	// Returns is the same for the result.
	Returns Raw `json:"returns,omitempty"`
	// Exclusive: no other peer may offer the same method; of those that are elsewhere, those that it is offered to.
	Exclusive bool `json:"exclusive,omitempty"`
	// Tags are labels to search by; at most 16.
	Tags []string `json:"tags,omitempty"`
	// Scope says among whom the method is offered; see ValidScope. If empty, what the configuration says of its name.
	Scope string `json:"scope,omitempty"`
}

// Targets of a call, where peer is 0.
const (
	// TargetBest is the peer that offers the method for the longest time, one of this hub before one elsewhere. It is the default.
	TargetBest = "best"
	// TargetAll is every peer that offers the method, the caller among them.
	TargetAll = "all"
	// TargetOthers is every peer that offers the method but the caller.
	TargetOthers = "others"
)

// InvokeOptions is the head of interop.invoke.
type InvokeOptions struct {
	// Target is one of the Target constants; if empty, TargetBest. It is ignored where the message names a peer.
	Target string `json:"target,omitempty"`
	// Instance calls the method of one instance; the message's peer does the same by number.
	Instance string `json:"instance,omitempty"`
	// TimeoutMs is how long the answer may take, in milliseconds; if 0, DefaultTimeoutMs.
	TimeoutMs int64 `json:"timeoutMs,omitempty"`
	// WaitMs is how long to wait for the method to be offered, in milliseconds; if 0, not at all.
	WaitMs int64 `json:"waitMs,omitempty"`
	// Parent is the call whose handler makes this call; it is how the hub sees loops.
	Parent int64 `json:"parent,omitempty"`
	// Trace is a W3C traceparent, handed on to the handler; one that has another form is not.
	Trace string `json:"trace,omitempty"`
	// Hops counts the calls that led to this one elsewhere. Who names too many harms his own call only.
	Hops int64 `json:"hops,omitempty"`
}

// CallInfo is the head of interop.call.
type CallInfo struct {
	// Trace is the caller's W3C traceparent.
	Trace string `json:"trace,omitempty"`
	// Hops counts the calls that led to this one.
	Hops int64 `json:"hops,omitempty"`
	// TimeoutMs is how long the caller waits, in milliseconds; it is told where the call goes on to another hub.
	TimeoutMs int64 `json:"timeoutMs,omitempty"`
}

// MethodQuery is the head of interop.discover and interop.watch. Zero means every method.
type MethodQuery struct {
	Name string `json:"name,omitempty"`
	// Prefix matches the beginning of names.
	Prefix string `json:"prefix,omitempty"`
	// App limits the answer to methods that instances of this app offer.
	App string `json:"app,omitempty"`
}

// MethodInfo is one method of one peer.
type MethodInfo struct {
	Name        string   `json:"name"`
	Peer        PeerInfo `json:"peer"`
	DisplayName string   `json:"displayName,omitempty"`
	Description string   `json:"description,omitempty"`
	Accepts     Raw      `json:"accepts,omitempty"`
	Returns     Raw      `json:"returns,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	// Exclusive: no other peer that it is offered to may offer the same method.
	Exclusive bool `json:"exclusive,omitempty"`
	// Scope is among whom it is offered; empty means this hub's apps.
	Scope string `json:"scope,omitempty"`
}

// MethodList answers interop.discover and interop.watch.
type MethodList struct {
	Methods []MethodInfo `json:"methods"`
}

// MethodChange is the head of interop.methods.
type MethodChange struct {
	Added   []MethodInfo `json:"added,omitempty"`
	Removed []MethodInfo `json:"removed,omitempty"`
}

// AwaitOptions is the head of interop.await.
type AwaitOptions struct {
	// TimeoutMs is how long to wait, in milliseconds; if 0, DefaultTimeoutMs.
	TimeoutMs int64 `json:"timeoutMs,omitempty"`
}
