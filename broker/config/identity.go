package config

import (
	"net"
	"strconv"

	"github.com/crossframe/crossframe/broker/identity"
)

func (l *loader) checkIdentity() error {
	if p := l.Identity.First(); p != nil {
		return l.fault("identity."+p.Field, p.Text, p.Fix)
	}
	if j := l.Identity.JWT; j != nil && j.KeysFile != "" {
		if err := identity.CheckKeysFile(j.KeysFile); err != nil {
			return l.fault("identity.jwt.keysFile", err.Error(), "write the issuer's public keys as a JSON Web Key Set")
		}
	}
	return l.checkDevelopment()
}

// checkDevelopment refuses development users where anybody but the one at this machine could be them.
func (l *loader) checkDevelopment() error {
	if len(l.Identity.Development.Users) == 0 {
		return nil
	}
	const key, fix = "identity.development.users", "use identity.jwt, or serve this machine only: listen: 127.0.0.1:8080, and no publicOrigins"
	const why = ", and a development user needs no proof: everybody who reaches the broker could be one"
	for _, o := range l.Origins {
		if !o.Loopback() {
			return l.fault(key, "the public origin "+o.String()+" is not of this machine alone"+why, fix)
		}
	}
	if host, _, _ := net.SplitHostPort(l.Listen); !loopback(host) {
		return l.fault(key, "the address "+strconv.Quote(l.Listen)+" is reached from other machines"+why, fix)
	}
	return nil
}
