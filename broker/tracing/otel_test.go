//go:build otel

package tracing

import (
	"log/slog"
	"testing"
)

// TestSwitchedOff: the standard variables that switch tracing off do, and an exporter that is not built in is an error.
func TestSwitchedOff(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	for _, x := range []struct{ name, value string }{{"OTEL_SDK_DISABLED", "true"}, {"OTEL_TRACES_EXPORTER", "none"}} {
		t.Run(x.name, func(t *testing.T) {
			t.Setenv(x.name, x.value)
			tracer, err := New(t.Context(), "test", quiet)
			if tracer != nil || err != nil {
				t.Fatalf("%v, %v", tracer, err)
			}
			// What is not there can be used all the same.
			span := tracer.Start("x", "", "a", "b")
			span.Set("a", "b")
			span.End("")
			if span.Trace() != "" || tracer.Close(t.Context()) != nil {
				t.Error("a tracer that is none does something")
			}
		})
	}
	t.Setenv("OTEL_TRACES_EXPORTER", "zipkin")
	if _, err := New(t.Context(), "test", quiet); err == nil {
		t.Error("an exporter that is not built in is taken")
	}
}
