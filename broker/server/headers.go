package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/origin"
)

// TrustedTypes are the names of the policies that the main page may make, separated by spaces: its own, which starts
// the Worker.
const TrustedTypes = "hub-worker"

// powerfulFeatures are off for the main page and for every app, unless a definition asks for one.
var powerfulFeatures = []string{
	"accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid",
	"identity-credentials-get", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials",
	"payment", "publickey-credentials-create", "publickey-credentials-get", "screen-wake-lock", "serial", "storage-access",
	"usb", "window-management", "xr-spatial-tracking",
}

// hsts asks browsers for a year of TLS.
const hsts = "max-age=31536000"

// PageHeaders returns the headers of the main page's site. They are the same on every answer: a Worker is under the
// policy of its own script, and a page that says "not found" must not be weaker than the others.
//
// The frame sources are exactly the origins of the definitions, and what frames adds. They are what keeps an app from
// navigating its frame to an origin that nobody registered. Warnings name origins that the policy language cannot say.
// Connects are origins that the page connects to beside its own.
func PageHeaders(apps []protocol.Definition, frames []string, connects ...string) (headers http.Header, warnings []string) {
	sources := newSources()
	for i := range apps {
		sources.add(&apps[i])
	}
	for _, text := range frames {
		sources.pattern("page.frames", text)
	}
	policy := strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"worker-src 'self'",
		"connect-src 'self'" + spaced(connects),
		"style-src 'self'",
		"font-src 'self'",
		"manifest-src 'self'",
		"img-src 'self' data:" + spaced(sources.images),
		"frame-src" + orNone(spaced(sources.frames)),
		"object-src 'none'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types " + TrustedTypes,
	}, "; ")
	h := commonHeaders(policy)
	// The link to a window that the page opens stays; one from a page that opened this one is cut.
	h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	h.Set("Permissions-Policy", sources.permissions())
	return h, sources.warnings
}

// AppHeaders returns the headers of a demo app, which is made to be shown in the frames of a hub and to load the client
// library from there.
func AppHeaders(hub origin.Origin) http.Header {
	return commonHeaders(strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' " + hub.String(),
		"connect-src 'self'",
		"style-src 'self'",
		"img-src 'self' data: blob:",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors " + hub.String(),
	}, "; "))
}

// Always returns headers that never change, for Site.Headers.
func Always(headers http.Header) func() http.Header { return func() http.Header { return headers } }

// dataHeaders returns the headers of what programs read: nothing there is a document, and nothing is kept.
func dataHeaders() http.Header {
	h := commonHeaders("default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	return h
}

// commonHeaders returns what every site sends.
func commonHeaders(policy string) http.Header {
	h := make(http.Header)
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "strict-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	return h
}

// withHeaders sets the site's headers on the answer, before anything else can answer.
func (s *Site) withHeaders(next http.Handler) http.Handler {
	data := dataHeaders()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, headers := w.Header(), data
		if !inAPI(r) {
			headers = s.Headers()
		}
		for name, values := range headers {
			h[name] = slices.Clone(values)
		}
		if s.Proxies.Secure(r) || s.SecureHosts.has(r.Host) {
			h.Set("Strict-Transport-Security", hsts)
		}
		next.ServeHTTP(w, r)
	})
}

// sources collects what the definitions need of the page's policies.
type sources struct {
	frames, images []string
	// features maps a feature to the origins that may use it.
	features map[string][]string
	warnings []string
}

func newSources() *sources { return &sources{features: make(map[string][]string)} }

func (s *sources) add(d *protocol.Definition) {
	own, err := definition.OriginOf(d.URL)
	if err != nil {
		return
	}
	s.pattern("app "+d.Name, own.String())
	for _, text := range d.Origins {
		s.pattern("app "+d.Name, text)
	}
	if icon, err := definition.OriginOf(d.Icon); err == nil {
		s.images = append(s.images, icon.String())
	}
	for _, feature := range d.Frame.Allow {
		s.features[feature] = append(s.features[feature], own.String())
	}
}

func (s *sources) pattern(who, text string) {
	p, err := origin.ParsePattern(text, origin.AllowList)
	if err != nil {
		s.warnings = append(s.warnings, who+": "+err.Error())
		return
	}
	source, ok := p.CSP()
	if !ok {
		s.warnings = append(s.warnings, who+": the page's policy cannot name "+text+", so that frames will not show it")
		return
	}
	s.frames = append(s.frames, source)
}

// permissions lets the main page pass a feature on to exactly the apps whose definitions ask for it.
func (s *sources) permissions() string {
	names := slices.Clone(powerfulFeatures)
	for feature := range s.features {
		names = append(names, feature)
	}
	parts := make([]string, 0, len(names))
	for _, feature := range sorted(names) {
		value := "()"
		if origins := s.features[feature]; len(origins) > 0 {
			value = `(self "` + strings.Join(sorted(origins), `" "`) + `")`
		}
		parts = append(parts, feature+"="+value)
	}
	return strings.Join(parts, ", ")
}

// sorted returns the distinct texts in order, so that the same configuration gives the same header.
func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func spaced(list []string) string {
	text := ""
	for _, s := range sorted(list) {
		if s != "" {
			text += " " + s
		}
	}
	return text
}

func orNone(list string) string {
	if list == "" {
		return " 'none'"
	}
	return list
}
