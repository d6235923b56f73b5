package protocol

// Lifetimes of a shared context.
const (
	// LifetimeSession: it lives until it is destroyed or the main page's session ends. It is the default.
	LifetimeSession = "session"
	// LifetimeOwner: it is destroyed when the instance that created it is gone.
	LifetimeOwner = "owner"
)

// WriteOptions is the head of contexts.set and contexts.update.
type WriteOptions struct {
	// IfRevision makes the write fail with REVISION_CONFLICT unless it is the current revision. 0 means: write
	// whatever the revision is; -1 means: only where there is no such context yet.
	IfRevision int64 `json:"ifRevision,omitempty"`
	// Lifetime applies where this write creates the context.
	Lifetime string `json:"lifetime,omitempty"`
	// Remove lists members of the value that contexts.update removes.
	Remove []string `json:"remove,omitempty"`
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
}

// ContextInfo describes a shared context; it is the head of contexts.value.
type ContextInfo struct {
	Name     string `json:"name"`
	Revision int64  `json:"revision"`
	Lifetime string `json:"lifetime,omitempty"`
	// Owner is the instance that created it, for the lifetime "owner".
	Owner string `json:"owner,omitempty"`
	// Bytes is the length of its value's JSON text.
	Bytes int64 `json:"bytes,omitempty"`
}

// ContextList answers contexts.list.
type ContextList struct {
	Contexts []ContextInfo `json:"contexts"`
}
