//go:build otel

package server

import (
	"testing"

	"github.com/crossframe/crossframe/broker/tracing/tracetest"
)

// TestRequestsAreSpans: a request is a span of the trace that it names, where that has the standard's form; of its address only
// the site is told.
func TestRequestsAreSpans(t *testing.T) {
	collector, tracer := tracetest.Start(t)
	site, _ := testSite(t)
	site.Tracer = tracer
	handler := site.Handler()
	ask(handler, "GET", "/", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	ask(handler, "BREW", "/canary", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x")
	spans := collector.Await(t, "crossframe.request", 2)
	first, second := spans[0], spans[1]
	if first.Trace != "0af7651916cd43dd8448eb211c80319c" || first.Parent != "b7ad6b7169203331" || first.Failed ||
		first.Attributes["http.response.status_code"] != "200" || first.Attributes["crossframe.site"] != "page" {
		t.Errorf("%+v", first)
	}
	if second.Parent != "" || second.Trace == first.Trace || second.Failed || second.Attributes["http.request.method"] != "other" ||
		second.Attributes["http.response.status_code"] != "405" {
		t.Errorf("%+v", second)
	}
}
