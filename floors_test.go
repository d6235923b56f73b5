// Package crossframe_test holds the import graph against the floors of docs/architecture.md: an import may only
// point to a lower floor.
package crossframe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/crossframe/crossframe/"

// floors gives the floor of each package; a pattern ends in "/..." for everything below. The first match counts.
var floors = []struct {
	pattern string
	floor   int
}{
	{"protocol/jsontext", 0},
	{"protocol/gen", 6},
	{"protocol", 1},
	{"protocol/origin", 2},
	{"protocol/license", 3},
	{"protocol/schema", 2},
	{"protocol/dialect", 2},
	{"protocol/stream", 2},
	{"protocol/license/sealed", 4},
	{"protocol/dialect/...", 3},
	{"protocol/definition", 3},
	{"wasm/peer", 4},
	{"wasm/apps", 5},
	{"wasm/contexts", 5},
	{"wasm/interop", 5},
	{"wasm/bridge", 5},
	{"wasm/hub", 6},
	{"wasm/hub/...", 7},
	{"wasm/browser", 7},
	{"wasm/link", 7},
	{"wasm", 8},
	{"clientlib/crossframe", 8},
	{"demo/prices", 9},
	{"broker/source", 4},
	{"broker/idn", 4},
	{"broker/assets", 4},
	{"broker/remote", 4},
	{"broker/fault", 4},
	{"broker/proxies", 4},
	{"broker/certs", 4},
	{"broker/systemd", 4},
	{"broker/assets/...", 5},
	{"broker/licensing", 5},
	{"broker/directory", 5},
	{"broker/store", 5},
	{"broker/store/...", 6},
	{"broker/identity", 5},
	{"broker/ws", 5},
	{"broker/contexts", 6},
	{"broker/relay", 7},
	{"broker/histogram", 4},
	{"broker/tracing", 4},
	{"broker/tracing/tracetest", 5},
	{"broker/audit", 6},
	{"broker/seats", 6},
	{"broker/config", 6},
	{"broker/server", 6},
	{"broker/records", 6},
	{"broker/api", 7},
	{"broker/cmd/crossframe", 8},
	{"broker/deploy", 8},
	{"bench/empty", 0},
	{"bench/hop", 0},
	{"bench/rig", 3},
	{"bench/chaos", 9},
	{"bench/broker", 9},
}

// onlyIn says which packages may import what lies outside of the module and is dear or dangerous: every dependency, with all
// that is below it, and some of the standard library.
var onlyIn = map[string][]string{
	"syscall/js":                   {"wasm", "wasm/browser"},
	"net/http":                     {"broker/server", "broker/cmd/crossframe", "broker/ws", "broker/remote", "broker/relay", "broker/fault", "broker/proxies", "broker/api", "bench/rig", "bench/broker", "broker/tracing/tracetest"},
	"github.com/gobwas/glob":       {"broker/directory"},
	"golang.org/x/net/idna":        {"broker/idn"},
	"github.com/alecthomas/kong":   {"broker/cmd/crossframe", "broker/licensing", "broker/config"},
	"encoding/json":                {"broker/...", "clientlib/crossframe", "protocol/gen", "bench/..."},
	"reflect":                      {"broker/...", "protocol/gen"},
	"regexp":                       {"broker/...", "protocol/gen", "bench/chaos"},
	"github.com/google/uuid":       {"broker/server"},
	"github.com/gorilla/websocket": {"broker/ws", "bench/broker"},

	"go.yaml.in/yaml/v3":                       {"broker/source", "broker/config"},
	"golang.org/x/time/rate":                   {"broker/api"},
	"github.com/andybalholm/brotli":            {"broker/assets/pack"},
	"github.com/prometheus/client_golang":      {"broker/server"},
	"github.com/go-jose/go-jose/v4":            {"broker/identity"},
	"nhooyr.io/websocket":                      {"wasm/link"},
	"github.com/anishathalye/porcupine":        {"bench/chaos"},
	"github.com/nats-io/nats.go":               {"broker/store"},
	"github.com/nats-io/nats-server/v2/server": {"broker/store", "broker/store/storetest"},
	"github.com/minio/highwayhash":             {"broker/store"},
	"go.opentelemetry.io/otel":                 {"broker/tracing"},
	"go.opentelemetry.io/proto/otlp":           {"broker/tracing/tracetest"},
	"google.golang.org/protobuf":               {"broker/tracing/tracetest"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range slices.Concat(ours(t, ""), ours(t, "js"), ours(t, "", "-tags=otel")) {
		from := strings.TrimPrefix(p.ImportPath+"/", module)
		from = strings.TrimSuffix(from, "/")
		floor, known := floorOf(from)
		if !known {
			t.Errorf("package %s has no floor: give it one here and in docs/architecture.md", from)
			continue
		}
		for _, imp := range p.Imports {
			if to, own := strings.CutPrefix(imp, module); own {
				if below, _ := floorOf(to); below >= floor {
					t.Errorf("%s (floor %d) imports %s (floor %d): imports point down", from, floor, to, below)
				}
			} else if allowed, special := mayImport(imp); special && !matchesAny(from, allowed) {
				t.Errorf("%s imports %s, which only %v may: say in onlyIn through which package it enters, and in docs/decisions/0008-dependencies.md why", from, imp, allowed)
			}
		}
	}
}

// mayImport returns the packages that may import what lies outside of the module. False means that every package may.
func mayImport(imp string) (packages []string, special bool) {
	host, _, _ := strings.Cut(imp, "/")
	if packages, special = onlyIn[imp]; special || !strings.Contains(host, ".") {
		return packages, special
	}
	for folder := path.Dir(imp); folder != "." && packages == nil; folder = path.Dir(folder) {
		packages = onlyIn[folder]
	}
	return packages, true
}

// inBoth are packages of the hub that the broker may import: it runs the same room of methods, because timeouts, progress,
// cancelling, discovery and schemas are to mean the same in both (docs/decisions/0011-sharing-through-a-broker.md).
var inBoth = []string{"wasm/peer", "wasm/interop", "wasm/bridge"}

// TestHalvesDoNotMeet: hub and broker know each other by the protocol alone, but for the one room that both run.
func TestHalvesDoNotMeet(t *testing.T) {
	for _, p := range append(ours(t, ""), ours(t, "js")...) {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			to, own := strings.CutPrefix(imp, module)
			if own && (within(from, "wasm") && within(to, "broker") || within(from, "broker") && within(to, "wasm") && !matchesAny(to, inBoth)) {
				t.Errorf("%s imports %s: wasm and broker meet in protocol and in %v only", from, to, inBoth)
			}
		}
	}
}

// notInTheHub are packages of the standard library that hub.wasm must not link, each with what comes below it: they are
// dear, and each brings others along. Nor may it link syscall/js or time for another reason: without them nothing wakes
// the Go runtime but the calls of the Worker.
var notInTheHub = []string{
	"bufio", "compress", "container", "context", "crypto", "encoding", "flag", "fmt", "hash", "html", "log", "math/big", "math/rand", "mime", "net",
	"os", "path", "reflect", "regexp", "syscall", "text", "time",
}

// TestHubStaysSmall: what is linked into hub.wasm decides how long every page waits for it.
func TestHubStaysSmall(t *testing.T) {
	for _, p := range list(t, "js", "-deps", "./wasm") {
		for _, dear := range notInTheHub {
			if within(p.ImportPath, dear) {
				t.Errorf("hub.wasm links %s: find who imports it by go list -deps, and do without", p.ImportPath)
			}
		}
	}
}

// TestTracingIsAsked: OpenTelemetry is ten megabytes; only the program built with its tag links it.
func TestTracingIsAsked(t *testing.T) {
	linked := func(flags ...string) (n int) {
		for _, p := range list(t, "", append(flags, "-deps", "./broker/cmd/crossframe")...) {
			if within(p.ImportPath, "go.opentelemetry.io") || within(p.ImportPath, "google.golang.org/grpc") {
				n++
			}
		}
		return n
	}
	if n := linked(); n != 0 {
		t.Errorf("%d packages of OpenTelemetry are linked without its tag", n)
	}
	if linked("-tags=otel") == 0 {
		t.Error("with its tag nothing of OpenTelemetry is linked")
	}
}

func within(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

func floorOf(p string) (int, bool) {
	for _, f := range floors {
		if matches(p, f.pattern) {
			return f.floor, true
		}
	}
	return 0, false
}

func matchesAny(p string, patterns []string) bool {
	for _, pattern := range patterns {
		if matches(p, pattern) {
			return true
		}
	}
	return false
}

func matches(p, pattern string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(p, folder+"/")
	}
	return path.Clean(p) == pattern
}

// ours returns the module's packages as they are built for an operating system; "" is this one.
func ours(t *testing.T, goos string, flags ...string) (packages []listed) {
	t.Helper()
	for _, p := range list(t, goos, append(flags, "./...")...) {
		if strings.HasPrefix(p.ImportPath, module) {
			packages = append(packages, p)
		}
	}
	return packages
}

// list asks go list.
func list(t *testing.T, goos string, args ...string) (packages []listed) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...)
	cmd.Env = os.Environ()
	if goos != "" {
		cmd.Env = append(cmd.Env, "GOOS="+goos, "GOARCH=wasm")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
