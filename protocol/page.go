package protocol

// PageConfig is what a server tells the main page, beside the page's files: the answer to /config.json. It holds the
// license key, so nobody but the main page may read it.
type PageConfig struct {
	// Title is the workspace's title; if empty, the page has one.
	Title string `json:"title,omitempty"`
	// Debug puts the running platform within reach of the browser's console, and offers to end the hub.
	Debug bool `json:"debug,omitempty"`
	// NowMs is the server's clock, in milliseconds since 1970.
	NowMs  int64        `json:"nowMs"`
	Apps   []Definition `json:"apps,omitempty"`
	Policy Policy       `json:"policy,omitempty"`
	Limits Limits       `json:"limits,omitempty"`
	User   *User        `json:"user,omitempty"`
	// LicenseKey is checked in the browser, by one of LicenseKeys or of the keys of LicenseKeySet.
	LicenseKey  string       `json:"licenseKey,omitempty"`
	LicenseKeys []TrustedKey `json:"licenseKeys,omitempty"`
	// LicenseKeySet is a signed list of trusted keys; one of LicenseRoots signed it.
	LicenseKeySet string       `json:"licenseKeySet,omitempty"`
	LicenseRoots  []TrustedKey `json:"licenseRoots,omitempty"`
	// LicenseRevocations is the signed list of what was revoked; if empty, nothing is looked up.
	LicenseRevocations string `json:"licenseRevocations,omitempty"`
	// StartMs is how long an app may take to connect, in milliseconds; if 0, DefaultStartMs.
	StartMs int64 `json:"startMs,omitempty"`
	// Link is the way to the broker; absent where nothing is shared beyond the page.
	Link    *LinkConfig   `json:"link,omitempty"`
	Sharing []SharingRule `json:"sharing,omitempty"`
}

// LinkConfig is the way to a broker.
type LinkConfig struct {
	// URL is the address of the broker's WebSocket: ws, wss, or a path on the page's own server.
	URL string `json:"url"`
	// TokenURL is where the page gets a token, by GET with the user's cookies; the answer is JSON, {"token": "…"}. It must be of
	// the page's own origin.
	TokenURL string `json:"tokenUrl,omitempty"`
	// Development lists the users that a developer may choose from, instead of signing in.
	Development []User `json:"development,omitempty"`
}

// Boot is the head of page.boot: the whole configuration of a hub.
type Boot struct {
	// Origin is the main page's own origin; the license is bound to it.
	Origin string `json:"origin"`
	// Hub is the hub's id; it stays the same when the Go program restarts under a living page.
	Hub string `json:"hub"`
	// Epoch counts the starts of the Go program under one page, from 1. Call numbers begin anew above
	// those of earlier epochs.
	Epoch int64 `json:"epoch"`
	// NowMs is the wall clock, in milliseconds since 1970.
	NowMs  int64        `json:"nowMs"`
	Apps   []Definition `json:"apps,omitempty"`
	Policy Policy       `json:"policy,omitempty"`
	Limits Limits       `json:"limits,omitempty"`
	User   *User        `json:"user,omitempty"`
	// LicenseClaims is the JSON text of what the license says, which the Worker has authenticated: its signature is
	// right and its key is trusted. It is the text as it was signed, so that the hub reads what the signer wrote.
	LicenseClaims string `json:"licenseClaims,omitempty"`
	// LicenseFault is why there are no claims although a license key is configured.
	LicenseFault *Fault `json:"licenseFault,omitempty"`
	// StartMs is how long an app may take to connect, in milliseconds; if 0, DefaultStartMs.
	StartMs int64         `json:"startMs,omitempty"`
	Link    *LinkConfig   `json:"link,omitempty"`
	Sharing []SharingRule `json:"sharing,omitempty"`
}

// States of the link between hub and broker.
const (
	// LinkConnecting: the first attempt is under way.
	LinkConnecting = "connecting"
	// LinkConnected: what is shared is current.
	LinkConnected = "connected"
	// LinkOffline: the broker cannot be reached; the hub tries again by itself.
	LinkOffline = "offline"
	// LinkSignedOut: nobody is signed in, as the page has no token; it is asked again every 30 seconds.
	LinkSignedOut = "signed-out"
	// LinkRefused: the broker does not admit this hub; Fault says why. The hub tries again when the page brings a token.
	LinkRefused = "refused"
)

// LinkState is the head of page.link.
type LinkState struct {
	State string `json:"state"`
	// Pending counts the writes that the broker does not have yet.
	Pending int64  `json:"pending,omitempty"`
	Fault   *Fault `json:"fault,omitempty"`
	// Identity is who the broker says the user is, while connected.
	Identity *Identity `json:"identity,omitempty"`
}

// LicenseReport is the head of page.license: what the Worker found when it looked at the license again. Of claims and fault there
// is one at most; where there is neither, no license key is configured.
type LicenseReport struct {
	// NowMs is the wall clock, in milliseconds since 1970: the server's, where it could be asked.
	NowMs  int64  `json:"nowMs"`
	Claims string `json:"claims,omitempty"`
	Fault  *Fault `json:"fault,omitempty"`
}

// TrustedKey is a public key that license keys may be signed with.
type TrustedKey struct {
	ID string `json:"id"`
	// Public is the Ed25519 public key, base64url.
	Public string `json:"public"`
	// NotAfterIssued retires the key: license keys issued later (seconds since 1970) are refused. 0 means never.
	NotAfterIssued int64 `json:"notAfterIssued,omitempty"`
}

// Policy are the lists that decide at the door. See protocol/origin for the patterns.
type Policy struct {
	// BlockList refuses origins, whatever else admits them.
	BlockList []string `json:"blockList,omitempty"`
	// AllowList, where it is not empty, refuses every origin that it does not match.
	AllowList []string `json:"allowList,omitempty"`
}

// BootResult is the head of page.ready. Where it comes again, Warnings are left out.
type BootResult struct {
	// Fault says why the hub does not run; absent where it does.
	Fault *Fault `json:"fault,omitempty"`
	// License is the state of the license key for people: "development", "valid", "expiring", "grace", "expired" or "revoked".
	License string `json:"license,omitempty"`
	// LicenseUntilMs is when that changes, on the wall clock: the end of the license, in its grace days their end, and
	// once it is revoked when the connections end. 0 where nothing changes by itself.
	LicenseUntilMs int64 `json:"licenseUntilMs,omitempty"`
	// Warnings are findings in the configuration that do not stop the start.
	Warnings []string `json:"warnings,omitempty"`
}

// Greet is the head of page.greet.
type Greet struct {
	// Main: the port belongs to the main page itself, which is peer zero.
	Main bool `json:"main,omitempty"`
	// Window numbers the window that greeted, where it is nested inside the frame; 0 for the frame itself.
	Window int64 `json:"window,omitempty"`
	// Ports is how many ports the greeting carried; all but the first were closed by the page.
	Ports int64 `json:"ports,omitempty"`
}

// Challenge is the head of page.challenge.
type Challenge struct {
	Nonce string `json:"nonce"`
	// Origin is the exact origin that the document must have to receive the nonce.
	Origin string `json:"origin"`
	Window int64  `json:"window,omitempty"`
}

// FrameSpec is the head of page.open.
type FrameSpec struct {
	Instance  string   `json:"instance"`
	App       string   `json:"app"`
	Title     string   `json:"title"`
	URL       string   `json:"url"`
	Sandbox   []string `json:"sandbox"`
	Allow     []string `json:"allow,omitempty"`
	Placement Raw      `json:"placement,omitempty"`
}

// FrameState is the head of page.state.
type FrameState struct {
	State  string `json:"state"`
	Reason *Fault `json:"reason,omitempty"`
}

// Misuse is the head of page.misuse: what the guard dropped before the hub saw it.
type Misuse struct {
	Code  Code  `json:"code"`
	Count int64 `json:"count"`
	// Close: the guard asks for the connection to end.
	Close bool `json:"close,omitempty"`
}

// AuditEvent says that something was refused, revoked or abused. It carries no payload.
type AuditEvent struct {
	// TimeMs is the wall clock, in milliseconds since 1970.
	TimeMs int64 `json:"timeMs"`
	Code   Code  `json:"code"`
	// Origin of the document concerned.
	Origin   string `json:"origin,omitempty"`
	App      string `json:"app,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Dropped counts the events of this code that were not told, because there were more than ten in a second.
	Dropped int64 `json:"dropped,omitempty"`
}
