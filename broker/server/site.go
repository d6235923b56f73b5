package server

import (
	"log/slog"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/crossframe/crossframe/broker/assets"
	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/broker/proxies"
	"github.com/crossframe/crossframe/broker/tracing"
)

// APIPath is what the paths of the API begin with.
const APIPath = "/api/"

func inAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, APIPath) }

// Site is what one origin serves.
type Site struct {
	// Name labels the site in logs and metrics.
	Name string
	// Files are served by their exact paths; "/" is the file "/index.html".
	Files assets.Set
	// Routes are served by their exact paths, before files.
	Routes map[string]http.Handler
	// API serves everything below APIPath, with every method; it brings its own headers. If nil, there is nothing.
	API http.Handler
	// Hosts are the names that the site answers to.
	Hosts Hosts
	// Headers returns what is set on every answer; they are not changed.
	Headers func() http.Header
	// SecureHosts are reached by TLS, also where a proxy in front of the broker speaks it: their answers carry
	// Strict-Transport-Security.
	SecureHosts Hosts
	// Proxies are those whose word on where a request comes from is taken.
	Proxies proxies.Trusted
	// Log gets a line for each request; if nil, slog.Default.
	Log *slog.Logger
	// Tracer gets a span of each request; if nil, nobody does.
	Tracer *tracing.Tracer
	// Metrics counts the requests; if nil, nothing is counted.
	Metrics *Metrics
}

// Handler returns the site with all its checks around it; see the package's comment for their order.
func (s *Site) Handler() http.Handler {
	handler := http.Handler(http.HandlerFunc(s.route))
	handler = onlyRead(handler)
	handler = s.orAPI(handler)
	handler = onlyPlainPaths(handler)
	handler = onlyFewHeaders(handler)
	handler = onlyHosts(s.Hosts, handler)
	handler = s.recovered(handler)
	handler = s.withHeaders(handler)
	return s.observed(handler)
}

// route answers with what has exactly the path of the request.
func (s *Site) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if route := s.Routes[path]; route != nil {
		route.ServeHTTP(w, r)
		return
	}
	if path == "/" {
		path = "/index.html"
	}
	if file := s.Files[path]; file != nil {
		serveFile(w, r, file)
		return
	}
	if path == "/index.html" {
		fault.Refuse(w, http.StatusServiceUnavailable, fault.NotBuilt, notBuilt)
		return
	}
	fault.Refuse(w, http.StatusNotFound, fault.NotFound, "There is nothing at this address.")
}

const notBuilt = "This binary was built without the page. Run: make build"

// orAPI hands what is below APIPath to the API.
func (s *Site) orAPI(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.API != nil && inAPI(r) {
			s.API.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onlyRead refuses methods that could change something: nothing here can be changed.
func onlyRead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			fault.Refuse(w, http.StatusMethodNotAllowed, fault.Method, "Only GET and HEAD are answered here.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onlyPlainPaths refuses paths that a proxy and this server might read differently. No file needs such a path, and in the
// API a name may have every sign but slashes.
func onlyPlainPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !plainPath(r.URL.Path, r.URL.EscapedPath(), inAPI(r)) {
			fault.Refuse(w, http.StatusBadRequest, fault.BadPath, "The path has empty or dot segments, encoded slashes or control characters.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// maxHeaders bounds the lines of a header; browsers and proxies send a few dozen.
const maxHeaders = 100

// onlyFewHeaders refuses headers of many lines: their bytes are bounded, but each line costs more than its bytes.
func onlyFewHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lines := 0
		for _, values := range r.Header {
			lines += len(values)
		}
		if lines > maxHeaders {
			fault.Refuse(w, http.StatusRequestHeaderFieldsTooLarge, fault.TooManyLines, "The request has too many headers.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plainPath reports whether the path begins with one slash and has printable ASCII and no segment "", "." or "..".
// A file's name needs no more than that. Where wide, every printable character and the space may be there too, encoded.
func plainPath(path, escaped string, wide bool) bool {
	lower := strings.ToLower(escaped)
	if !strings.HasPrefix(path, "/") || strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") {
		return false
	}
	if !utf8.ValidString(path) {
		return false
	}
	for _, r := range path {
		ascii := r > ' ' && r < 0x7f && r != '\\'
		if !ascii && !(wide && r != '\\' && unicode.IsPrint(r)) {
			return false
		}
	}
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		if segment == "." || segment == ".." || segment == "" && !last {
			return false
		}
	}
	return true
}
