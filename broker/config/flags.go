package config

import (
	"os"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/broker/source"
)

// Flags are the settings that can be given on the command line and in the environment, as fields that kong reads.
// nil is "not given", which an empty text is not: an empty opsListen switches that listener off.
type Flags struct {
	Config         string   `short:"c" placeholder:"FILE" env:"CROSSFRAME_CONFIG" help:"Configuration file, YAML or JSON."`
	Listen         *string  `placeholder:"ADDRESS" env:"CROSSFRAME_LISTEN" help:"Address of the main page's listener (127.0.0.1:8080)."`
	OpsListen      *string  `placeholder:"ADDRESS" env:"CROSSFRAME_OPS_LISTEN" help:"Address for health, metrics and profiles (127.0.0.1:8079); empty is off."`
	PublicOrigins  []string `placeholder:"ORIGIN" env:"CROSSFRAME_PUBLIC_ORIGINS" help:"Origins under which browsers reach the main page."`
	TLSCertFile    *string  `name:"tls-cert-file" placeholder:"FILE" env:"CROSSFRAME_TLS_CERT_FILE" help:"Certificate chain, PEM."`
	TLSKeyFile     *string  `name:"tls-key-file" placeholder:"FILE" env:"CROSSFRAME_TLS_KEY_FILE" help:"Key of the certificate, PEM."`
	Title          *string  `env:"CROSSFRAME_TITLE" help:"Title of the workspace."`
	Apps           []string `sep:"none" placeholder:"PATH" env:"CROSSFRAME_APPS" help:"File with app definitions, or a pattern such as apps/**/*.yaml; may be repeated."`
	BlockList      []string `placeholder:"PATTERN" env:"CROSSFRAME_BLOCK_LIST" help:"Origins that are refused."`
	AllowList      []string `placeholder:"PATTERN" env:"CROSSFRAME_ALLOW_LIST" help:"Where given, every other origin is refused."`
	LicenseKeyFile *string  `placeholder:"FILE" env:"CROSSFRAME_LICENSE_KEY_FILE" help:"File with the license key. The key itself can be in CROSSFRAME_LICENSE_KEY."`
	TrustedKeys    *string  `name:"license-trusted-keys-file" placeholder:"FILE" env:"CROSSFRAME_LICENSE_TRUSTED_KEYS_FILE" help:"Public keys that license keys may be signed with, JSON."`
	KeySet         *string  `name:"license-key-set-file" placeholder:"FILE" env:"CROSSFRAME_LICENSE_KEY_SET_FILE" help:"Signed set of such keys; needs --license-root-keys-file."`
	RootKeys       *string  `name:"license-root-keys-file" placeholder:"FILE" env:"CROSSFRAME_LICENSE_ROOT_KEYS_FILE" help:"Public keys that the key set may be signed with, JSON."`
	Revocations    *string  `name:"license-revocation-file" placeholder:"FILE" env:"CROSSFRAME_LICENSE_REVOCATION_FILE" help:"Signed list of license keys that were taken back."`
	LicenseState   *string  `name:"license-state-file" placeholder:"FILE" env:"CROSSFRAME_LICENSE_STATE_FILE" help:"File in which the broker remembers the highest time it has seen."`
	NoLink         bool     `env:"CROSSFRAME_NO_LINK" help:"Nobody may connect, and apps share with those of their own page only."`
	StoreDir       *string  `placeholder:"DIR" env:"CROSSFRAME_STORE_DIR" help:"Directory for what must be kept; if none, it is kept in memory."`
	NATS           []string `name:"nats" placeholder:"URL" env:"CROSSFRAME_NATS" help:"Addresses of a NATS cluster that keeps it instead. The password can be in CROSSFRAME_STORE_PASSWORD."`
	AcceptDamage   bool     `name:"store-accept-damage" help:"Open a damaged store, once: what is damaged is lost, and every page is told."`
	DrainMs        *int64   `name:"drain-ms" placeholder:"MS" env:"CROSSFRAME_DRAIN_MS" help:"How long connections may take to end when the broker stops, in milliseconds (10000)."`
	LogLevel       *string  `placeholder:"LEVEL" env:"CROSSFRAME_LOG_LEVEL" help:"debug, info, warn or error."`
	LogFormat      *string  `placeholder:"FORMAT" env:"CROSSFRAME_LOG_FORMAT" help:"text or json."`
}

// licenseKeyVariable has no flag: command lines are visible to everybody on the machine.
const licenseKeyVariable = "CROSSFRAME_LICENSE_KEY"

// apply puts what was given over c. It returns, for each key of the file that was replaced, how it was given.
func (f *Flags) apply(c *Config) (given map[string]string) {
	given = make(map[string]string)
	text := func(key, name string, to, value *string) {
		if value != nil {
			*to, given[key] = *value, asGiven(name, *value)
		}
	}
	list := func(key, name string, to *[]string, value []string) {
		if value != nil {
			*to, given[key] = value, asGiven(name, strings.Join(value, ","))
		}
	}
	text("listen", "--listen", &c.Listen, f.Listen)
	text("opsListen", "--ops-listen", &c.OpsListen, f.OpsListen)
	list("publicOrigins", "--public-origins", &c.PublicOrigins, f.PublicOrigins)
	text("tls.certFile", "--tls-cert-file", &c.TLS.CertFile, f.TLSCertFile)
	text("tls.keyFile", "--tls-key-file", &c.TLS.KeyFile, f.TLSKeyFile)
	text("page.title", "--title", &c.Page.Title, f.Title)
	list("policy.blockList", "--block-list", &c.Policy.BlockList, f.BlockList)
	list("policy.allowList", "--allow-list", &c.Policy.AllowList, f.AllowList)
	text("license.trustedKeysFile", "--license-trusted-keys-file", &c.License.TrustedKeysFile, f.TrustedKeys)
	text("license.keySetFile", "--license-key-set-file", &c.License.KeySetFile, f.KeySet)
	text("license.rootKeysFile", "--license-root-keys-file", &c.License.RootKeysFile, f.RootKeys)
	text("license.revocationFile", "--license-revocation-file", &c.License.RevocationFile, f.Revocations)
	text("license.stateFile", "--license-state-file", &c.License.StateFile, f.LicenseState)
	text("store.dir", "--store-dir", &c.Store.Dir, f.StoreDir)
	list("store.nats", "--nats", &c.Store.NATS, f.NATS)
	text("log.level", "--log-level", &c.Log.Level, f.LogLevel)
	text("log.format", "--log-format", &c.Log.Format, f.LogFormat)
	if f.DrainMs != nil {
		c.DrainMs, given["drainMs"] = *f.DrainMs, asGiven("--drain-ms", strconv.FormatInt(*f.DrainMs, 10))
	}
	if f.NoLink {
		c.Link.Disabled, given["link.disabled"] = true, "--no-link"
	}
	if f.LicenseKeyFile != nil {
		c.License.Key = ""
		text("license.keyFile", "--license-key-file", &c.License.KeyFile, f.LicenseKeyFile)
	} else if key := os.Getenv(licenseKeyVariable); key != "" {
		c.License.Key, c.License.KeyFile, given["license.key"] = key, "", licenseKeyVariable
	}
	if f.Apps != nil {
		c.Apps, given["apps"] = make([]Entry, len(f.Apps)), asGiven("--apps", strings.Join(f.Apps, ","))
		for i, path := range f.Apps {
			c.Apps[i].Path = path
		}
	}
	return given
}

// asGiven names the variable that has the value, or else the flag: kong does not tell which of them it was.
func asGiven(flag, value string) string {
	if text, set := os.LookupEnv(variableOf(flag)); set && text == value {
		return variableOf(flag)
	}
	return flag
}

// places tells where a setting came from, for messages.
type places struct {
	root  source.Value
	given map[string]string
}

// fault returns an error at the setting with that key.
func (p *places) fault(key, message, fix string) *source.Error {
	for set, flag := range p.given {
		if key == set || strings.HasPrefix(key, set+"[") {
			return &source.Error{File: nameOf(flag), Message: message, Fix: fix}
		}
	}
	fault := p.root.Find(key).Fault(message, fix)
	fault.Field = key
	if fault.File == "" {
		fault.File = "configuration"
	}
	return fault
}

// nameOf names a flag and its variable, where it is not the variable that was given.
func nameOf(given string) string {
	if strings.HasPrefix(given, "--") {
		return given + " (or " + variableOf(given) + ")"
	}
	return given
}

// variableOf names the variable that gives the same setting as the flag.
func variableOf(flag string) string {
	return "CROSSFRAME_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(flag, "--"), "-", "_"))
}
