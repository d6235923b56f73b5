package config

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/broker/directory"
	"github.com/crossframe/crossframe/broker/proxies"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/origin"
)

func (l *loader) checkListeners() error {
	if err := l.checkAddress("listen", l.Listen); err != nil || l.OpsListen == "" {
		return err
	}
	return l.checkAddress("opsListen", l.OpsListen)
}

func (l *loader) checkAddress(key, address string) error {
	_, port, err := net.SplitHostPort(address)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		return l.fault(key, strconv.Quote(address)+" is no address to listen on", `write host and port, such as "127.0.0.1:8080", or ":8080" for every interface`)
	}
	return nil
}

// checkOrigins reads the public origins, or derives the one that a developer uses.
func (l *loader) checkOrigins() error {
	host, port, _ := net.SplitHostPort(l.Listen)
	if len(l.PublicOrigins) == 0 {
		n, _ := strconv.Atoi(port)
		l.Origins = []origin.Origin{{Scheme: "http", Host: "localhost", Port: uint16(n)}}
		if !loopback(host) {
			l.Warnings = append(l.Warnings, l.fault("publicOrigins", "not set, so that only this machine's own names are answered", `set the origins under which browsers reach the page, such as ["https://desk.example.com"]`).Error())
		}
		return nil
	}
	var err error
	l.Origins, err = l.readOrigins("publicOrigins", l.PublicOrigins)
	return err
}

// checkAPI reads the origins of pages that may use the API.
func (l *loader) checkAPI() (err error) {
	l.APIOrigins, err = l.readOrigins("api.origins", l.API.Origins)
	return err
}

// readOrigins reads a list that has no patterns: each text is one origin.
func (l *loader) readOrigins(key string, texts []string) (origins []origin.Origin, err error) {
	directory.ToASCII(texts, origin.ExactList)
	for i, text := range texts {
		at := key + "[" + strconv.Itoa(i) + "]"
		p, err := origin.ParsePattern(text, origin.ExactList)
		if err != nil {
			return nil, l.fault(at, err.Error(), `write one origin, such as "https://desk.example.com"`)
		}
		o, _ := p.Origin()
		if !o.Web() {
			return nil, l.fault(at, strconv.Quote(text)+" is not http or https", "")
		}
		origins = append(origins, o)
	}
	return origins, nil
}

// checkProxies reads the networks of proxies that are believed.
func (l *loader) checkProxies() error {
	var networks []netip.Prefix
	for i, text := range l.TrustedProxies {
		network, err := proxies.ParseNetwork(text)
		at := "trustedProxies[" + strconv.Itoa(i) + "]"
		switch {
		case err != nil:
			return l.fault(at, strconv.Quote(text)+" "+err.Error(), "")
		case network.Bits() == 0:
			return l.fault(at, strconv.Quote(text)+" is everybody, so that everybody could say where he comes from", "name the networks of the proxies")
		}
		networks = append(networks, network)
	}
	l.Proxies = proxies.New(networks)
	return nil
}

// loopback reports whether a host of an address to listen on is of this machine alone.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// OpsIsLocal reports whether the listener for operators is reached from this machine alone.
func (c *Config) OpsIsLocal() bool {
	host, _, _ := net.SplitHostPort(c.OpsListen)
	return loopback(host)
}

func (l *loader) checkTLS() error {
	switch {
	case l.TLS.CertFile != "" && l.TLS.KeyFile == "":
		return l.fault("tls.certFile", "there is a certificate, but no key", "set tls.keyFile too")
	case l.TLS.CertFile == "" && l.TLS.KeyFile != "":
		return l.fault("tls.keyFile", "there is a key, but no certificate", "set tls.certFile too")
	}
	return nil
}

func (l *loader) checkLog() error {
	if err := l.checkWord("log.level", l.Log.Level, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	return l.checkWord("log.format", l.Log.Format, "text", "json")
}

func (l *loader) checkWord(key, word string, known ...string) error {
	if slices.Contains(known, word) {
		return nil
	}
	return l.fault(key, strconv.Quote(word)+" is not known", "write one of "+strings.Join(known, ", "))
}

func (l *loader) checkFrames() error {
	return l.checkList("page.frames", l.Page.Frames, origin.AllowList)
}

func (l *loader) checkPolicy() error {
	if err := l.checkList("policy.blockList", l.Policy.BlockList, origin.BlockList); err != nil {
		return err
	}
	return l.checkList("policy.allowList", l.Policy.AllowList, origin.AllowList)
}

// checkList refuses patterns that cannot be read, puts host names into ASCII, and warns of patterns that probably do
// not mean what was meant.
func (l *loader) checkList(key string, list []string, kind origin.ListKind) error {
	directory.ToASCII(list, kind)
	for i, text := range list {
		if _, err := origin.ParsePattern(text, kind); err != nil {
			return l.fault(key+"["+strconv.Itoa(i)+"]", err.Error(), "see docs/origin-patterns.md")
		}
	}
	_, warnings, err := origin.NewPatterns(kind, list)
	if err != nil {
		return l.fault(key, err.Error(), "")
	}
	for _, w := range warnings {
		l.Warnings = append(l.Warnings, l.fault(key+"["+strconv.Itoa(w.Index)+"]", w.String(), "").Error())
	}
	return nil
}

// checkNumbers holds the platform's limits to the rule that those of definitions are held to.
func (l *loader) checkNumbers() error {
	probe := protocol.Definition{Name: "x", URL: "https://x.example", Limits: l.Limits}
	if p := definition.First(&probe); p != nil {
		return l.fault(p.Field, "must be above 0", "leave it out for the default")
	}
	if l.StartMs < 0 {
		return l.fault("startMs", "must be above 0", "leave it out for "+strconv.Itoa(protocol.DefaultStartMs))
	}
	if l.DrainMs < 0 || l.DrainMs > maxDrainMs {
		return l.fault("drainMs", "must be 1 to "+strconv.Itoa(maxDrainMs), "leave it out for "+strconv.Itoa(defaultDrainMs))
	}
	return nil
}

func (l *loader) checkUser() error {
	if l.User != nil && l.User.ID == "" {
		return l.fault("user.id", "is missing", "write what identifies the person at the desk")
	}
	return nil
}

func (l *loader) checkDirectory() error {
	if p := l.Directory.First(); p != nil {
		return l.fault("directory."+p.Field, p.Text, p.Fix)
	}
	return nil
}

// checkApps holds the configuration's own apps against the main page's origins, and warns of patterns that probably do not
// mean what was meant.
func (l *loader) checkApps() error {
	apart := directory.ApartFrom(l.Origins)
	for i := range l.Definitions {
		d := &l.Definitions[i]
		if err := apart(d); err != nil {
			return l.fault("apps", err.Error(), directory.OwnOriginFix)
		}
		_, warnings, err := origin.NewPatterns(origin.AllowList, d.Origins)
		if err != nil {
			return err
		}
		for _, w := range warnings {
			l.Warnings = append(l.Warnings, definition.Path(d, "origins["+strconv.Itoa(w.Index)+"]")+": "+w.String())
		}
	}
	return nil
}
