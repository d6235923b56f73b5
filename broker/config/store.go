package config

import (
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/source"
)

// Store is where the broker keeps what must be kept.
type Store struct {
	// Dir is the directory of the embedded engine; if empty, and NATS too, everything is in memory.
	Dir string `json:"dir"`
	// NATS are the addresses of a NATS cluster, which takes the embedded engine's place.
	NATS []string `json:"nats"`
	// CredentialsFile is a NATS credentials file. User, with PasswordFile or Password, is the other way to log in.
	CredentialsFile string `json:"credentialsFile"`
	User            string `json:"user"`
	Password        string `json:"password"`
	PasswordFile    string `json:"passwordFile"`
	// TLS is about connections to the cluster.
	TLS StoreTLS `json:"tls"`
	// Replicas is on how many nodes of the cluster everything is kept; if 0, 3.
	Replicas int64 `json:"replicas"`
	// AuditDays is how long the audit log keeps its records; if 0, 90.
	AuditDays int64 `json:"auditDays"`
	// AuditTenant is the tenant that runs the broker: in its part of the audit log is what is of no tenant, such as credentials
	// that were refused. If empty, the one tenant that there is, where the configuration says so; else that is read with the
	// store at hand only.
	AuditTenant string `json:"auditTenant"`
}

// StoreTLS are the files for TLS to a NATS cluster, PEM. If empty, the system's authorities count.
type StoreTLS struct {
	CAFile   string `json:"caFile"`
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
}

// storePasswordVariable has no flag: command lines are visible to everybody on the machine.
const storePasswordVariable = "CROSSFRAME_STORE_PASSWORD"

// paths are those that are relative to the file's folder.
func (s *Store) paths() []*string {
	return []*string{&s.Dir, &s.CredentialsFile, &s.PasswordFile, &s.TLS.CAFile, &s.TLS.CertFile, &s.TLS.KeyFile}
}

// natsSchemes are those of addresses of NATS.
var natsSchemes = []string{"nats", "tls", "ws", "wss"}

func (l *loader) checkStore() error {
	s := &l.Store
	if len(s.NATS) == 0 {
		return l.checkEmbedded()
	}
	if s.Dir != "" {
		return l.fault("store.dir", "there is a cluster too, in store.nats", "keep one of them")
	}
	for i, text := range s.NATS {
		if err := l.checkNATS("store.nats["+strconv.Itoa(i)+"]", text); err != nil {
			return err
		}
	}
	if !slices.Contains([]int64{0, 1, 3, 5}, s.Replicas) {
		return l.fault("store.replicas", strconv.FormatInt(s.Replicas, 10)+" is not possible", "write 3 or 5, or 1 for a cluster of one node")
	}
	if (s.TLS.CertFile == "") != (s.TLS.KeyFile == "") {
		return l.fault("store.tls", "there is a certificate without its key, or a key without its certificate", "set store.tls.certFile and store.tls.keyFile")
	}
	return l.checkLogin()
}

// checkEmbedded refuses settings that mean nothing without a cluster: whoever wrote them expects one.
func (l *loader) checkEmbedded() error {
	s := &l.Store
	for _, set := range []struct {
		key string
		set bool
	}{
		{"store.credentialsFile", s.CredentialsFile != ""}, {"store.user", s.User != ""}, {"store.passwordFile", s.PasswordFile != ""},
		{"store.tls", s.TLS != StoreTLS{}}, {"store.replicas", s.Replicas > 1},
	} {
		if set.set {
			return l.fault(set.key, "is for a NATS cluster, and there is none", "set store.nats, or leave it out")
		}
	}
	return l.checkAuditDays()
}

func (l *loader) checkAuditDays() error {
	if l.Store.AuditDays < 0 {
		return l.fault("store.auditDays", "must be above 0", "leave it out for 90")
	}
	return nil
}

func (l *loader) checkNATS(key, text string) error {
	const fix = `write an address such as "tls://nats1.example.com:4222"`
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || !slices.Contains(natsSchemes, u.Scheme):
		// The text is not repeated: it may hold a password.
		return l.fault(key, "is no address of NATS", fix)
	case u.User != nil:
		return l.fault(key, "has a user or password in it, which would end up in logs", "set store.user and store.passwordFile, or store.credentialsFile")
	}
	return nil
}

// checkLogin reads the password.
func (l *loader) checkLogin() error {
	s := &l.Store
	if password := os.Getenv(storePasswordVariable); password != "" {
		s.Password, s.PasswordFile = password, ""
		l.given["store.password"] = storePasswordVariable
	}
	if s.PasswordFile != "" {
		if s.Password != "" {
			return l.fault("store.passwordFile", "there is a password already, in store.password", "keep one of them")
		}
		text, err := source.Read(s.PasswordFile)
		if err != nil {
			return err
		}
		s.Password = strings.TrimSpace(string(text))
	}
	switch {
	case s.CredentialsFile != "" && s.User != "":
		return l.fault("store.user", "there are credentials already, in store.credentialsFile", "keep one of them")
	case s.User == "" && s.Password != "":
		return l.fault("store.user", "is missing: there is a password", "set it, or leave the password out")
	}
	return l.checkAuditDays()
}

// AuditTenant returns the tenant in whose part of the audit log is what is of no tenant, or "".
func (c *Config) AuditTenant() string {
	switch j := c.Identity.JWT; {
	case c.Store.AuditTenant != "":
		return c.Store.AuditTenant
	case j != nil:
		return j.Tenant
	}
	return identity.DefaultTenant
}
