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
}

// User is the person at the desk, as the main page names it at start.
type User struct {
	ID        string `json:"id"`
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
	Email     string `json:"email,omitempty"`
}
