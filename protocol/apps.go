package protocol

// Definition is what the platform knows of an app before it runs. Files may hold it as JSON or YAML, or as an
// FDC3 app directory v2 record, which is read into this struct.
type Definition struct {
	// Name identifies the app; see ValidName.
	Name string `json:"name"`
	// Title is shown to people; if empty, Name.
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// URL is where the app lives: absolute, http or https.
	URL  string `json:"url"`
	Icon string `json:"icon,omitempty"`
	// Version of the app, for people.
	Version    string   `json:"version,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// Origins are patterns of the origins that the app's documents may have; if empty, the origin of URL.
	Origins []string `json:"origins,omitempty"`
	// AllowOpaque admits a document with the opaque origin "null" (a sandboxed frame).
	AllowOpaque bool `json:"allowOpaque,omitempty"`
	// AllowNested admits documents in frames that the app itself embeds, under their own origin.
	AllowNested bool `json:"allowNested,omitempty"`
	// NestedOrigins are patterns for those documents; if empty, the app's own origins.
	NestedOrigins []string `json:"nestedOrigins,omitempty"`
	Frame         Frame    `json:"frame,omitempty"`
	// Limits replace the platform's limits, field by field.
	Limits Limits `json:"limits,omitempty"`
	// Grants say what the app may do; if absent, DefaultGrants.
	Grants *Grants `json:"grants,omitempty"`
	// Sharing says in which scopes the names are that this app uses; the first rule that has a name counts, before those
	// of the platform.
	Sharing []SharingRule `json:"sharing,omitempty"`
	// SeesUser hands the user's details to the app.
	SeesUser bool `json:"seesUser,omitempty"`
	// Single: there is at most one instance; starting it again shows that one.
	Single bool `json:"single,omitempty"`
	// Hidden keeps the app out of the launcher.
	Hidden bool `json:"hidden,omitempty"`
	// Custom is for the app's own use; apps.list hands it out.
	Custom Raw `json:"custom,omitempty"`
}

// Frame are the attributes of an app's iframe.
type Frame struct {
	// Sandbox lists sandbox tokens; if empty, allow-scripts allow-same-origin allow-forms allow-popups
	// allow-modals allow-downloads. Tokens that let the app navigate the main page are refused.
	Sandbox []string `json:"sandbox,omitempty"`
	// Allow lists features of the permissions policy, such as "clipboard-write"; if empty, none.
	Allow []string `json:"allow,omitempty"`
}

// Grants say what an app may do. Every list holds names, or beginnings of names that end in "*".
type Grants struct {
	Offer  []string `json:"offer,omitempty"`
	Invoke []string `json:"invoke,omitempty"`
	// ReadContexts and WriteContexts name shared contexts; writing includes creating and destroying.
	ReadContexts  []string `json:"readContexts,omitempty"`
	WriteContexts []string `json:"writeContexts,omitempty"`
	// Start names the apps that it may start; it may always stop those that it started.
	Start []string `json:"start,omitempty"`
	// Admin: definitions, policy, audit, and stopping any instance.
	Admin bool `json:"admin,omitempty"`
}

// AppList is a set of definitions.
type AppList struct {
	Apps []Definition `json:"apps"`
}

// StartOptions is the head of apps.start.
type StartOptions struct {
	// WaitFor says when the answer comes; if empty, WaitConnected.
	WaitFor string `json:"waitFor,omitempty"`
	// TimeoutMs is how long the app may take to connect, in milliseconds; if 0, DefaultStartMs.
	TimeoutMs int64 `json:"timeoutMs,omitempty"`
	// Placement is a hint to the main page's workspace; see hostpage.
	Placement Raw `json:"placement,omitempty"`
	// Instance asks for a given instance id, as a restored layout does; only the main app may.
	Instance string `json:"instance,omitempty"`
}

// When apps.start answers.
const (
	// WaitConnected: when the app is connected and ready.
	WaitConnected = "connected"
	// WaitCreated: as soon as the page was asked for the frame.
	WaitCreated = "created"
)

// States of an instance.
const (
	// StateLoading: the frame exists, nothing has connected yet.
	StateLoading = "loading"
	// StateConnected: connected and ready.
	StateConnected = "connected"
	// StateRefused: the app greeted and was refused, or its connection was revoked; Reason says why.
	StateRefused = "refused"
	// StateFailed: the frame could not load, or nothing connected in time; Reason says why.
	StateFailed = "failed"
	// StateGone: the app closed its connection or its document went away.
	StateGone = "gone"
)

// InstanceInfo is one instance of an app.
type InstanceInfo struct {
	Instance string `json:"instance"`
	App      string `json:"app"`
	Title    string `json:"title,omitempty"`
	State    string `json:"state"`
	// Peer is its connection's number; 0 while it has none.
	Peer int64 `json:"peer,omitempty"`
	// Reason says why the state is refused or failed.
	Reason *Fault `json:"reason,omitempty"`
	// StartedBy is the instance that started it.
	StartedBy string `json:"startedBy,omitempty"`
}

// InstanceList is a set of instances.
type InstanceList struct {
	Instances []InstanceInfo `json:"instances"`
}

// AppChange is the head of apps.changed.
type AppChange struct {
	Defined []Definition `json:"defined,omitempty"`
	// Removed names definitions.
	Removed []string `json:"removed,omitempty"`
	// Instances came or changed; one that stopped is in Stopped.
	Instances []InstanceInfo `json:"instances,omitempty"`
	Stopped   []InstanceInfo `json:"stopped,omitempty"`
}
