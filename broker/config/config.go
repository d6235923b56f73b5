package config

import (
	"github.com/crossframe/crossframe/broker/directory"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// Config is what can be set. The json tags are the keys of the file.
type Config struct {
	// Listen is the address of the main page's listener.
	Listen string `json:"listen"`
	// OpsListen is the address for health, metrics and profiles; empty is off.
	OpsListen string `json:"opsListen"`
	// PublicOrigins are the origins under which browsers reach the main page; if empty, http://localhost and the
	// port of Listen. Their host names, and those of the machine itself, are the only ones that are answered.
	PublicOrigins []string `json:"publicOrigins"`
	TLS           TLS      `json:"tls"`
	Page          Page     `json:"page"`
	// Apps are paths of files with app definitions, or definitions. Directory are other places that they come from.
	Apps      []Entry            `json:"apps"`
	Directory directory.Settings `json:"directory"`
	Policy    protocol.Policy    `json:"policy"`
	// Limits are those of apps whose definitions set none; a field that is 0 has the default of the protocol.
	Limits protocol.Limits `json:"limits"`
	// StartMs is how long an app may take to connect; if 0, protocol.DefaultStartMs.
	StartMs int64 `json:"startMs"`
	// DrainMs is how long the broker may take to end its connections when it stops, so that not all hubs come back at once; if 0,
	// 10 seconds. It takes less where there are few.
	DrainMs int64   `json:"drainMs"`
	License License `json:"license"`
	// User is the person at the desk, for those apps whose definitions set seesUser.
	User *protocol.User `json:"user"`
	// Identity says whose credentials are accepted: of hubs and programs that connect, and of requests to the API.
	Identity identity.Settings `json:"identity"`
	API      API               `json:"api"`
	Link     Link              `json:"link"`
	// Sharing says in which scopes names are shared of which the app's definition says nothing; the first rule that has a
	// name counts. What no rule has is of one page alone.
	Sharing []protocol.SharingRule `json:"sharing"`
	Store   Store                  `json:"store"`
	// TrustedProxies are addresses and networks of proxies in front of the broker, whose word on where a request comes
	// from is taken.
	TrustedProxies []string `json:"trustedProxies"`
	Log            Log      `json:"log"`
}

// API is about the HTTP API.
type API struct {
	// Origins are those of pages that may use it, beside the main page's own.
	Origins []string `json:"origins"`
}

// TLS are the files of a certificate chain and its key, as PEM; if empty, the broker speaks plain HTTP.
type TLS struct {
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
}

// Page is about the main page itself.
type Page struct {
	// Title of the workspace; if empty, "Crossframe".
	Title string `json:"title"`
	// Frames are patterns of origins that frames may show beside those of the definitions: for definitions that
	// come at run time. Each one is an origin to which every app can navigate its own frame.
	Frames []string `json:"frames"`
	// Debug puts the running platform within reach of the browser's console, and offers to end the hub.
	Debug bool `json:"debug"`
}

// License is the license key and what it is checked with. Pages on this machine need none.
type License struct {
	// Key is the key itself; KeyFile is a file that holds it.
	Key     string `json:"key"`
	KeyFile string `json:"keyFile"`
	// TrustedKeysFile holds the public keys that license keys may be signed with, as JSON.
	TrustedKeysFile string `json:"trustedKeysFile"`
	// KeySetFile is a set of such keys, signed by one of the root keys in RootKeysFile. It is read again while the broker runs.
	KeySetFile   string `json:"keySetFile"`
	RootKeysFile string `json:"rootKeysFile"`
	// RevocationFile is the signed list of license keys that were taken back. It is read again while the broker runs.
	RevocationFile string `json:"revocationFile"`
	// StateFile remembers the highest time that the broker has seen, so that a clock that is set back makes no license young
	// again; if empty, that ends with the process.
	StateFile string `json:"stateFile"`
}

// Log is how the log is written, to the standard error output.
type Log struct {
	// Level is debug, info, warn or error; at debug, every request has a line.
	Level string `json:"level"`
	// Format is text or json.
	Format string `json:"format"`
}

// Entry is a path of files with app definitions, relative to the folder of the configuration file, or a definition.
type Entry struct {
	// Path may be a pattern; see directory.Files.
	Path string
	// Definition is the definition's value, where there is no path.
	Definition source.Value
}

// ReadSource takes either form.
func (e *Entry) ReadSource(v source.Value) error {
	switch v.Kind() {
	case source.Text:
		e.Path = v.Text()
		return nil
	case source.Mapping:
		e.Definition = v
		return nil
	}
	return v.Fault("must be a path of files with app definitions, or a definition, not "+v.Kind().String(), "")
}

// defaults returns what holds where nothing is set.
func defaults() Config {
	return Config{
		Listen:    "127.0.0.1:8080",
		OpsListen: "127.0.0.1:8079",
		Log:       Log{Level: "info", Format: "text"},
	}
}
