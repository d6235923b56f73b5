// Package proxies says where a request really comes from, when there are proxies in front of the broker.
//
// The headers in which proxies tell of their clients can be sent by everybody, so they count only where the connection
// comes from a proxy that the configuration names; from anywhere else they are text. It may import the standard library
// only.
package proxies

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
)

// Trusted are the networks of the proxies that are believed. The zero value believes nobody.
type Trusted struct {
	networks []netip.Prefix
}

var errNetwork = errors.New(`is no network; write an address such as "10.0.0.7", or a network such as "10.0.0.0/8"`)

// ParseNetwork reads one address or network in the form of the configuration.
func ParseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil, network.Addr().Is4In6():
		return netip.Prefix{}, errNetwork
	case network.Masked() != network:
		return netip.Prefix{}, errors.New("has bits beyond its length; write " + network.Masked().String())
	}
	return network, nil
}

// New returns the networks as a list that decides.
func New(networks []netip.Prefix) Trusted { return Trusted{networks} }

// Client returns the address that a request comes from: of the other end of the connection, or if that is a proxy that is
// believed, the last address before the proxies that it names. It is the zero Addr where the connection has none.
func (t Trusted) Client(r *http.Request) netip.Addr {
	client := socket(r)
	if !t.has(client) {
		return client
	}
	// Each proxy appends who it was called by, so that the list is true from its end up to the first stranger.
	named := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(named) - 1; i >= 0; i-- {
		ip, ok := readAddr(strings.TrimSpace(named[i]))
		if !ok {
			return client
		}
		if client = ip; !t.has(client) {
			return client
		}
	}
	return client
}

// Secure reports whether the request came by TLS, to the broker itself or to a proxy that is believed.
func (t Trusted) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	said := r.Header.Values("X-Forwarded-Proto")
	return len(said) == 1 && said[0] == "https" && t.has(socket(r))
}

func (t Trusted) has(ip netip.Addr) bool {
	for _, network := range t.networks {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}

// socket is the other end of the connection.
func socket(r *http.Request) netip.Addr {
	ip, _ := readAddr(r.RemoteAddr)
	return ip
}

// readAddr reads an address, with or without a port.
func readAddr(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		both, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = both.Addr()
	}
	return ip.Unmap().WithZone(""), true
}

// Customer returns what counts as one customer's network: an IPv4 address, or the 64 bits of IPv6 that one customer has for
// himself. All requests without an address are one customer.
func Customer(ip netip.Addr) netip.Prefix {
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	network, _ := ip.Prefix(bits)
	return network
}
