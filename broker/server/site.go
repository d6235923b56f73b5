package server

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/crossframe/crossframe/broker/assets"
)

// Site is what one origin serves.
type Site struct {
	// Name labels the site in logs and metrics.
	Name string
	// Files are served by their exact paths; "/" is the file "/index.html".
	Files assets.Set
	// Routes are served by their exact paths, before files.
	Routes map[string]http.Handler
	// Hosts are the names that the site answers to.
	Hosts Hosts
	// Headers are set on every answer.
	Headers http.Header
	// SecureHosts are reached by TLS, also where a proxy in front of the broker speaks it: their answers carry
	// Strict-Transport-Security.
	SecureHosts Hosts
	// Log gets a line for each request; if nil, slog.Default.
	Log *slog.Logger
	// Metrics counts the requests; if nil, nothing is counted.
	Metrics *Metrics
}

// Handler returns the site with all its checks around it; see the package's comment for their order.
func (s *Site) Handler() http.Handler {
	handler := http.Handler(http.HandlerFunc(s.route))
	handler = onlyRead(handler)
	handler = onlyPlainPaths(handler)
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
		refuse(w, r, http.StatusServiceUnavailable, codeNotBuilt, notBuilt)
		return
	}
	refuse(w, r, http.StatusNotFound, codeNotFound, "There is nothing at this address.")
}

const notBuilt = "This binary was built without the page. Run: make build"

// onlyRead refuses methods that could change something: nothing here can be changed.
func onlyRead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, r, http.StatusMethodNotAllowed, codeMethod, "Only GET and HEAD are answered here.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onlyPlainPaths refuses paths that a proxy and this server might read differently. No file needs such a path.
func onlyPlainPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !plainPath(r.URL.Path, r.URL.EscapedPath()) {
			refuse(w, r, http.StatusBadRequest, codeBadPath, "The path has empty or dot segments, encoded slashes or control characters.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plainPath reports whether the path begins with one slash and has printable ASCII and no segment "", "." or "..".
// A file's name needs no more than that.
func plainPath(path, escaped string) bool {
	lower := strings.ToLower(escaped)
	if !strings.HasPrefix(path, "/") || strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") {
		return false
	}
	for i := range len(path) {
		if path[i] <= ' ' || path[i] >= 0x7f || path[i] == '\\' {
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
