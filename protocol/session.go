package protocol

// Raw is a JSON text that a payload struct carries without looking into it. Empty means absent.
type Raw []byte

// Greeting is INIT_REQUEST: what a client app posts to the main page's window, with exactly one port. Nothing in
// it is believed but the version list; app is a wish that helps to explain a refusal.
type Greeting struct {
	// Crossframe is the marker "INIT_REQUEST".
	Crossframe string `json:"crossframe"`
	// Versions lists the protocol versions that the client library speaks.
	Versions []int64 `json:"versions"`
	// App is the name that the app thinks it has. The hub derives the real one.
	App string `json:"app,omitempty"`
	// Library names the client library and its version, for the audit log.
	Library string `json:"library,omitempty"`
	// Loaded: the document's load event is over. A document of an opaque origin that says so cannot be taken for one that
	// its frame loads later; saying it falsely harms only who does.
	Loaded bool `json:"loaded,omitempty"`
}

// Markers of the messages that travel between windows, in the field "crossframe".
const (
	MarkInitRequest = "INIT_REQUEST"
	// MarkChallenge: the page to an app's window, {crossframe, nonce}; the app echoes the nonce on its port.
	MarkChallenge = "CHALLENGE"
)

// Ack is the head of INIT_ACK.
type Ack struct {
	// ConnectionID tags every frame of this connection from now on; 128 random bits in hexadecimal.
	ConnectionID string `json:"connectionId"`
	Version      int64  `json:"version"`
	// Hub identifies the hub; it changes when the main page is loaded anew.
	Hub string `json:"hub"`
	// Me is who the hub says this app is.
	Me     PeerInfo `json:"me"`
	Limits Limits   `json:"limits"`
	// Challenge: the app must echo a nonce that arrives at its window before anything else is answered.
	Challenge bool `json:"challenge,omitempty"`
	// User is the person at the desk, where the platform knows one and the definition lets the app see it.
	User *User `json:"user,omitempty"`
	// Identity is, from a broker, who the connection is of.
	Identity *Identity `json:"identity,omitempty"`
	// Epoch identifies, from a broker, its store: another epoch means that revisions begin anew.
	Epoch string `json:"epoch,omitempty"`
	// ExpiresMs is, from a broker, after how many milliseconds the token expires, or 0 where it does not.
	ExpiresMs int64 `json:"expiresMs,omitempty"`
}

// Renewed is the head of the answer to session.renew.
type Renewed struct {
	// ExpiresMs is as in Ack.
	ExpiresMs int64 `json:"expiresMs,omitempty"`
}

// Kinds of connections to a broker.
const (
	// KindHub: a hub, which speaks for its peers.
	KindHub = "hub"
	// KindProgram: a program, which is one peer itself.
	KindProgram = "program"
)

// Hello is the head of session.hello.
type Hello struct {
	// Versions lists the protocol versions that the sender speaks.
	Versions []int64 `json:"versions"`
	// Kind is one of the Kind constants.
	Kind string `json:"kind"`
	// Token proves who connects; what forms there are is for the broker's configuration to say.
	Token string `json:"token,omitempty"`
	// Hub identifies the hub or program across its connections: 1 to 64 letters, digits, "-" or "_". Sequences of its
	// writes are counted under it.
	Hub string `json:"hub"`
	// Secret was made by the sender along with Hub. Who names a hub that is connected and knows its secret takes that
	// connection's place; others are refused.
	Secret string `json:"secret"`
	// App names a program, as PeerInfo does; if empty, "program".
	App string `json:"app,omitempty"`
	// Library names the client library and its version, for the audit log.
	Library string `json:"library,omitempty"`
}

// Token is the head of session.renew and page.token.
type Token struct {
	Token string `json:"token,omitempty"`
}

// Identity is who a connection to a broker is of, as its authenticator says.
type Identity struct {
	Tenant string   `json:"tenant"`
	User   User     `json:"user"`
	Groups []string `json:"groups,omitempty"`
	Roles  []string `json:"roles,omitempty"`
}

// PeerInfo is what peers learn of one another. All of it is derived by the hub.
type PeerInfo struct {
	Peer int64 `json:"peer"`
	// Instance is the instance id; it stays the same when the app reloads or reconnects.
	Instance string `json:"instance"`
	App      string `json:"app"`
	Title    string `json:"title,omitempty"`
	// Origin is the origin of the peer's document; "null" where it is opaque.
	Origin string `json:"origin"`
	// Via is the instance in whose frame the peer is nested.
	Via string `json:"via,omitempty"`
	// Main marks the main app.
	Main bool `json:"main,omitempty"`
	// Hub says at which hub, or as which program, the peer is connected, where that is elsewhere; UserID and Tenant are then
	// whose it is, as the broker says. Of what is elsewhere, all else is what the other hub says.
	Hub    string `json:"hub,omitempty"`
	UserID string `json:"userId,omitempty"`
	Tenant string `json:"tenant,omitempty"`
}

// User is the person at the desk, as the main page names it at start.
type User struct {
	ID        string `json:"id"`
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
	Email     string `json:"email,omitempty"`
}
