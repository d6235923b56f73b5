package proxies

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func trusted(t *testing.T, texts ...string) Trusted {
	t.Helper()
	var networks []netip.Prefix
	for _, text := range texts {
		network, err := ParseNetwork(text)
		if err != nil {
			t.Fatal(err)
		}
		networks = append(networks, network)
	}
	return New(networks)
}

func TestClient(t *testing.T) {
	proxies := trusted(t, "10.0.0.0/8", "192.168.1.1", "fd00::/8")
	for _, test := range []struct {
		name, remote, forwarded, want string
	}{
		{"no proxy", "203.0.113.7:5000", "", "203.0.113.7"},
		{"a stranger who claims", "203.0.113.7:5000", "198.51.100.1", "203.0.113.7"},
		{"one proxy", "10.0.0.1:5000", "198.51.100.1", "198.51.100.1"},
		{"two proxies", "10.0.0.1:5000", "198.51.100.1, 192.168.1.1", "198.51.100.1"},
		{"a client who claims", "10.0.0.1:5000", "6.6.6.6, 10.9.9.9, 198.51.100.1", "198.51.100.1"},
		{"proxies only", "10.0.0.1:5000", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
		{"a proxy that names nobody", "10.0.0.1:5000", "", "10.0.0.1"},
		{"nonsense at the end", "10.0.0.1:5000", "198.51.100.1, unknown", "10.0.0.1"},
		{"nonsense before", "10.0.0.1:5000", "x, 10.0.0.2", "10.0.0.2"},
		{"with ports", "10.0.0.1:5000", "198.51.100.1:443", "198.51.100.1"},
		{"IPv6", "[fd00::1]:5000", "2001:db8::7", "2001:db8::7"},
		{"IPv6 with a port", "[fd00::1]:5000", "[2001:db8::7]:80", "2001:db8::7"},
		{"IPv4 as IPv6", "[::ffff:10.0.0.1]:5000", "::ffff:198.51.100.1", "198.51.100.1"},
		{"a near miss", "192.168.1.2:5000", "198.51.100.1", "192.168.1.2"},
		{"no address", "@", "198.51.100.1", "invalid IP"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.remote
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := proxies.Client(r).String(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		r.Header.Set("X-Forwarded-For", strings.Repeat("198.51.100.1,", 100)+"10.0.0.9")
		if got := (Trusted{}).Client(r); got != socket(r) {
			t.Errorf("%s: without trusted proxies: %s", test.name, got)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header["X-Forwarded-For"] = []string{"6.6.6.6", "198.51.100.1"}
	if got := proxies.Client(r).String(); got != "198.51.100.1" {
		t.Errorf("two headers are one list: %s", got)
	}
}

func TestSecure(t *testing.T) {
	proxies := trusted(t, "10.0.0.1")
	for _, test := range []struct {
		remote string
		proto  []string
		tls    bool
		want   bool
	}{
		{"10.0.0.1:1", []string{"https"}, false, true},
		{"10.0.0.1:1", []string{"http"}, false, false},
		{"10.0.0.1:1", []string{"http", "https"}, false, false},
		{"10.0.0.1:1", nil, false, false},
		{"10.0.0.2:1", []string{"https"}, false, false},
		{"10.0.0.2:1", []string{"http"}, true, true},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.remote
		r.Header["X-Forwarded-Proto"] = test.proto
		if test.tls {
			r.TLS = new(tls.ConnectionState)
		}
		if got := proxies.Secure(r); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestNetworks(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3": "10.1.2.3/32", "::1": "::1/128", "fd00::/8": "fd00::/8", "::ffff:10.0.0.1": "10.0.0.1/32",
		"10.0.0.1/8": "write 10.0.0.0/8", "": "no network", "proxy.example": "no network", "10.0.0.0/33": "no network", "fe80::1%eth0": "no network",
		"::ffff:10.0.0.0/104": "no network",
	} {
		network, err := ParseNetwork(text)
		got := network.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if a, b := Customer(netip.MustParseAddr("2001:db8:1:2:3::4")), Customer(netip.MustParseAddr("2001:db8:1:2:ffff::")); a != b {
		t.Errorf("%s and %s are one customer", a, b)
	}
	if a, b := Customer(netip.MustParseAddr("10.0.0.1")), Customer(netip.MustParseAddr("10.0.0.2")); a == b {
		t.Errorf("%s and %s are two", a, b)
	}
}
