package ws

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
)

// Codes of refused requests. They are for programs; the message beside them is for people.
const (
	codeOrigin   = "ORIGIN_FORBIDDEN"
	codeQuery    = "QUERY_NOT_ALLOWED"
	codeUpgrade  = "BAD_UPGRADE"
	codeFull     = "TOO_MANY_CONNECTIONS"
	codeStopping = "STOPPING"
)

// refusal answers a request that does not become a connection.
type refusal struct {
	status        int
	code, message string
}

// write answers with nothing that the request brought.
func (f *refusal) write(w http.ResponseWriter) {
	body, _ := json.Marshal(struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		Retryable bool   `json:"retryable"`
	}{f.code, f.message, f.code == codeFull || f.code == codeStopping})
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if f.code == codeFull || f.code == codeStopping {
		h.Set("Retry-After", strconv.Itoa(5))
	}
	w.WriteHeader(f.status)
	// An error here means that the other side is gone; there is nobody left to tell.
	_, _ = w.Write(append(body, '\n'))
}

// check looks at what a request says of itself.
func (s *Server) check(r *http.Request) *refusal {
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		s.counters.badRequest.Add(1)
		return &refusal{http.StatusBadRequest, codeQuery, "This address takes no query: addresses are logged, and tokens must not be."}
	}
	if !s.allows(r.Header["Origin"]) {
		s.counters.badOrigin.Add(1)
		return &refusal{http.StatusForbidden, codeOrigin, "Pages of this origin may not connect here."}
	}
	return nil
}

// allows decides about the values of the Origin header. "null" is the origin of every sandboxed page, so that no list can
// mean it.
func (s *Server) allows(values []string) bool {
	switch len(values) {
	case 0:
		return s.options.DangerouslyAllowMissingOrigin
	case 1:
		return values[0] != "null" && s.options.Origins.Allows(values[0])
	}
	return false
}

// admit counts a connection in, unless there are too many. Who was admitted leaves; see Server.leave.
func (s *Server) admit(from netip.Prefix) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return &refusal{http.StatusServiceUnavailable, codeStopping, "The broker stops."}
	case s.admitted >= s.options.MaxConns:
		s.counters.full.Add(1)
		return &refusal{http.StatusServiceUnavailable, codeFull, "The broker has as many connections as it takes."}
	case s.from[from] >= s.options.MaxConnsPerAddress:
		s.counters.full.Add(1)
		return &refusal{http.StatusTooManyRequests, codeFull, "There are too many connections from this address."}
	}
	s.admitted++
	s.from[from]++
	s.running.Add(1)
	return nil
}

// leave counts a connection out.
func (s *Server) leave(from netip.Prefix) {
	s.mu.Lock()
	s.admitted--
	if s.from[from]--; s.from[from] == 0 {
		delete(s.from, from)
	}
	s.mu.Unlock()
	s.running.Done()
}

// network returns what counts as one address: an IPv4 address, or the IPv6 network that one customer has for himself.
// What cannot be read counts as one address too.
func network(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		both, err := netip.ParseAddrPort(address)
		if err != nil {
			return netip.Prefix{}
		}
		ip = both.Addr()
	}
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	prefix, _ := ip.Prefix(bits)
	return prefix
}
