package protocol

// Lifetimes of a shared context.
const (
	// LifetimeSession: it lives until it is destroyed or the main page's session ends. It is the default.
	LifetimeSession = "session"
	// LifetimeOwner: it is destroyed when the instance that created it is gone.
	LifetimeOwner = "owner"
	// LifetimeDurable: it lives until it is destroyed, and each acknowledged write is on disk. It is for contexts that the
	// broker keeps, and the default there; those of the other lifetimes are gone when the broker restarts.
	LifetimeDurable = "durable"
)

// ContextOptions is the head of contexts.get, contexts.subscribe, contexts.destroy and contexts.list.
type ContextOptions struct {
	// Scope says among whom the context is shared; see ValidScope. If empty, what the configuration says of its name.
	Scope string `json:"scope,omitempty"`
	// Revision and Epoch, to a broker, are what a hub knows of the context already: where both are current, the answer
	// has no body and says so.
	Revision int64  `json:"revision,omitempty"`
	Epoch    string `json:"epoch,omitempty"`
	// Sequence is that of WriteOptions, for contexts.destroy.
	Sequence int64 `json:"sequence,omitempty"`
}

// WriteOptions is the head of contexts.set and contexts.update.
type WriteOptions struct {
	// IfRevision makes the write fail with REVISION_CONFLICT unless it is the current revision. 0 means: write
	// whatever the revision is; -1 means: only where there is no such context yet.
	IfRevision int64 `json:"ifRevision,omitempty"`
	// Lifetime applies where this write creates the context.
	Lifetime string `json:"lifetime,omitempty"`
	// Remove lists members of the value that contexts.update removes.
	Remove []string `json:"remove,omitempty"`
	// Scope says among whom the context is shared; see ValidScope. If empty, what the configuration says of its name.
	Scope string `json:"scope,omitempty"`
	// Sequence, to a broker, rises with each write of one hub or program. A write whose number the context has seen from
	// there is acknowledged again and changes nothing.
	Sequence int64 `json:"sequence,omitempty"`
	// First, to a broker, is the sequence of the first of the writes that this one joins. The context has seen all numbers
	// from there on. If 0, it is one write.
	First int64 `json:"first,omitempty"`
}

// WriteResult is the head of the answer to a write. Empty means: done, in the order that all see, and durable where the
// context is.
type WriteResult struct {
	// Pending: the broker cannot be reached. Apps of this hub see the write, and the broker gets it when it can; until
	// then it may still lose against another's. Another reply, or an error, follows under the same id when the broker has
	// decided.
	Pending bool `json:"pending,omitempty"`
}

// PatchOptions is the head of contexts.patch. Removals come first, then the values are set in order; a path
// through a missing member creates objects on its way.
type PatchOptions struct {
	IfRevision int64  `json:"ifRevision,omitempty"`
	Lifetime   string `json:"lifetime,omitempty"`
	// Set lists a path for each value of the body's array. A path has 1 to 64 members.
	Set [][]string `json:"set,omitempty"`
	// Remove lists paths to remove.
	Remove [][]string `json:"remove,omitempty"`
	// Scope and Sequence are those of WriteOptions.
	Scope    string `json:"scope,omitempty"`
	Sequence int64  `json:"sequence,omitempty"`
}

// Kinds of a context's change.
const (
	// ChangeUpdate: merge the body's members, drop those in Removed. It is the kind where the head is empty.
	ChangeUpdate = "update"
	// ChangeSet: the body is the whole new value.
	ChangeSet = "set"
	// ChangePatch: apply Set (values in the body's array) and Remove as contexts.patch does.
	ChangePatch = "patch"
	// ChangeDestroyed: the context is gone; there is no body.
	ChangeDestroyed = "destroyed"
)

// ContextChange is the head of contexts.event. Empty means an update that removes nothing.
type ContextChange struct {
	Kind    string     `json:"kind,omitempty"`
	Removed []string   `json:"removed,omitempty"`
	Set     [][]string `json:"set,omitempty"`
	Remove  [][]string `json:"remove,omitempty"`
	// Pending: the value has writes that the broker does not have yet; the revision stays what it was.
	Pending bool `json:"pending,omitempty"`
	// Gap says what is missing before this change; empty means nothing.
	Gap string `json:"gap,omitempty"`
}

// What is missing before a change.
const (
	// GapSkipped: changes were skipped while there was no connection. The value is right.
	GapSkipped = "skipped"
	// GapLost: the broker's store is not the one that was known before, so that revisions begin anew and what was
	// acknowledged before may be gone (CONTINUITY_LOST).
	GapLost = "lost"
)

// ContextInfo describes a shared context; it is the head of contexts.value.
type ContextInfo struct {
	Name     string `json:"name"`
	Revision int64  `json:"revision"`
	Lifetime string `json:"lifetime,omitempty"`
	// Owner is the instance that created it, for the lifetime "owner".
	Owner string `json:"owner,omitempty"`
	// Bytes is the length of its value's JSON text.
	Bytes int64 `json:"bytes,omitempty"`
	// Scope is among whom it is shared; empty means this hub's apps.
	Scope string `json:"scope,omitempty"`
	// Pending: the value has writes that the broker does not have yet.
	Pending bool `json:"pending,omitempty"`
	// Unchanged: the revision that the asker named is current; there is no body.
	Unchanged bool `json:"unchanged,omitempty"`
}

// ContextList answers contexts.list.
type ContextList struct {
	Contexts []ContextInfo `json:"contexts"`
}
