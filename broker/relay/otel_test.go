//go:build otel

package relay

import (
	"context"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/tracing/tracetest"
	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// TestSpans: a call and what its handler calls are spans of the caller's trace, each the child of the one before it, and what the
// handlers see continues them. A write is a span of its own. Nothing of what was sent is in them.
func TestSpans(t *testing.T) {
	const canary = "canary"
	collector, tracer := tracetest.Start(t)
	b := single(t, Options{Tracer: tracer})
	anna, ben := b.program("anna", "x"), b.program("ben", "y")
	traces := make(chan string, 2)
	offer := func(c *crossframe.Client, name string, handler crossframe.Handler) {
		if _, err := c.Offer(within(t), name, handler, protocol.MethodOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	offer(anna, "inner", func(_ context.Context, c *crossframe.Call) (any, error) {
		traces <- c.Trace
		return nil, protocol.NewFault(protocol.HandlerError, canary)
	})
	offer(ben, "outer", func(ctx context.Context, c *crossframe.Call) (any, error) {
		traces <- c.Trace
		_, err := ben.Invoke(ctx, "inner", canary, crossframe.InvokeOptions{Parent: c})
		return err != nil, nil
	})
	if _, err := anna.Invoke(within(t), "outer", map[string]string{canary: canary}, crossframe.InvokeOptions{Trace: someTrace}); err != nil {
		t.Fatal(err)
	}
	if _, err := anna.Set(within(t), canary, map[string]int{canary: 1}, crossframe.WriteOptions{Scope: "tenant"}); err != nil {
		t.Fatal(err)
	}
	spans := collector.Await(t, "crossframe.call", 2)
	inner, outer := spans[0], spans[1]
	id := func(traceparent string) (trace, span string) {
		part := strings.Split(traceparent, "-")
		return part[1], part[2]
	}
	trace, parent := id(someTrace)
	if outer.Trace != trace || outer.Parent != parent || outer.Failed || outer.Service != "desk" || outer.Attributes["crossframe.method"] != "outer" {
		t.Errorf("outer: %+v", outer)
	}
	if inner.Trace != trace || inner.Parent != outer.ID || !inner.Failed || inner.Attributes["crossframe.code"] != "HANDLER_ERROR" || inner.Attributes["crossframe.tenant"] != "acme" {
		t.Errorf("inner: %+v", inner)
	}
	for _, want := range []tracetest.Span{outer, inner} {
		if trace, span := id(<-traces); trace != want.Trace || span != want.ID {
			t.Errorf("a handler got trace %s, parent %s; want %+v", trace, span, want)
		}
	}
	write := collector.Await(t, "crossframe.context.write", 1)[0]
	if write.Parent != "" || write.Failed || write.Attributes["crossframe.scope"] != "tenant" {
		t.Errorf("write: %+v", write)
	}
	for _, s := range append(spans, write) {
		for name, value := range s.Attributes {
			if strings.Contains(name+value, canary) {
				t.Errorf("told: %+v", s)
			}
		}
	}
}
