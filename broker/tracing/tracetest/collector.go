//go:build otel

package tracetest

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/crossframe/crossframe/broker/tracing"
)

// Span is one that arrived.
type Span struct {
	Name, Trace, ID, Parent string
	Failed                  bool
	Attributes              map[string]string
	// Service is the service.name of who sent it.
	Service string
}

// Collector takes spans.
type Collector struct {
	mu    sync.Mutex
	spans []Span
}

// Start returns a collector, and a tracer that exports to it as the standard variables of the environment say.
func Start(t *testing.T) (*Collector, *tracing.Tracer) {
	t.Helper()
	c := new(Collector)
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_SERVICE_NAME", "desk")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
	tracer, err := tracing.New(t.Context(), "test", slog.New(slog.DiscardHandler))
	if err != nil || tracer == nil {
		t.Fatalf("no tracer: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := tracer.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return c, tracer
}

// ServeHTTP implements http.Handler: POST /v1/traces of OTLP.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	var export collector.ExportTraceServiceRequest
	data, err := io.ReadAll(io.LimitReader(body, 16<<20))
	if err == nil {
		err = proto.Unmarshal(data, &export)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "no export of spans", http.StatusBadRequest)
		return
	}
	c.take(&export)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *Collector) take(export *collector.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range export.ResourceSpans {
		service := ""
		for _, a := range resource.Resource.GetAttributes() {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				span := Span{
					Name: s.Name, Trace: hex.EncodeToString(s.TraceId), ID: hex.EncodeToString(s.SpanId), Parent: hex.EncodeToString(s.ParentSpanId),
					Failed: s.Status.GetCode() == 2, Attributes: make(map[string]string), Service: service,
				}
				for _, a := range s.Attributes {
					span.Attributes[a.Key] = a.Value.GetStringValue()
				}
				c.spans = append(c.spans, span)
			}
		}
	}
}

// Await waits for spans of a name, so many of them, and returns them in the order in which they ended.
func (c *Collector) Await(t *testing.T, name string, n int) (list []Span) {
	t.Helper()
	for range 3000 {
		list = nil
		c.mu.Lock()
		for _, s := range c.spans {
			if s.Name == name {
				list = append(list, s)
			}
		}
		c.mu.Unlock()
		if len(list) >= n {
			return list
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d spans %q arrived, want %d", len(list), name, n)
	return nil
}
