package server

import (
	"net/http"
	"strings"

	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Hosts are the host names that a site answers to, besides those of the machine itself.
//
// A page of another site can point its own name at this machine (DNS rebinding) and would then be of the same
// origin as what answers. The name in the Host header is what gives it away.
type Hosts map[string]bool

// HostsOf returns the hosts of the origins.
func HostsOf(origins []origin.Origin) Hosts {
	hosts := make(Hosts, len(origins))
	for _, o := range origins {
		hosts[o.Host] = true
	}
	return hosts
}

// allow reports whether a Host header names the site. The port does not matter: proxies change it.
func (h Hosts) allow(header string) bool {
	o, err := hostOf(header)
	return err == nil && (h[o.Host] || o.Loopback())
}

// has reports whether a Host header names one of the hosts.
func (h Hosts) has(header string) bool {
	o, err := hostOf(header)
	return err == nil && h[o.Host]
}

// hostOf reads a Host header as the host of an origin, so that every way to write one name is one name.
func hostOf(header string) (origin.Origin, error) {
	return origin.Parse("http://" + strings.ToLower(header))
}

func onlyHosts(hosts Hosts, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.allow(r.Host) {
			fault.Refuse(w, http.StatusMisdirectedRequest, fault.Host,
				"This server does not answer to that host name. Add its origin to publicOrigins in the configuration.")
			return
		}
		next.ServeHTTP(w, r)
	})
}
