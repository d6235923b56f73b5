//go:build otel

package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/crossframe/crossframe/protocol"
)

// Built reports whether the program can tell OpenTelemetry anything.
const Built = true

// Tracer makes spans. A nil Tracer makes none. It may be used concurrently.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New returns a Tracer that exports by OTLP over HTTP, as the standard variables of the environment say: OTEL_EXPORTER_OTLP_ENDPOINT
// and its kin, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_… . It returns nil where OTEL_SDK_DISABLED
// is true or OTEL_TRACES_EXPORTER is none. Close ends it.
func New(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	switch exporter := os.Getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return nil, nil
	case "", "otlp":
	default:
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER: %q is not built in\n  fix: write otlp or none", exporter)
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("open trace exporter: %w", err)
	}
	// What the environment says comes last, and counts.
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "crossframe"), attribute.String("service.version", version),
	), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	// The queue of the processor is bounded, and what does not fit is dropped: no call waits for a collector.
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	log.Info("spans are exported", "protocol", "OTLP over HTTP")
	return &Tracer{provider, provider.Tracer("github.com/crossframe/crossframe/broker")}, nil
}

// Start begins a span. Parent is a traceparent, or empty. Attributes are names and values in turn.
func (t *Tracer) Start(name, parent string, attributes ...string) *Span {
	if t == nil {
		return nil
	}
	ctx := context.Background()
	if protocol.ValidTrace(parent) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	}
	list := make([]attribute.KeyValue, 0, len(attributes)/2)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			list = append(list, attribute.String(attributes[i], attributes[i+1]))
		}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(list...))
	return &Span{ctx: ctx, span: span}
}

// Close exports what waits, until ctx ends. It may be called twice.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("export the last spans: %w", err)
	}
	return nil
}

// Span is one thing under way. A nil Span is none.
type Span struct {
	ctx  context.Context
	span trace.Span
	once sync.Once
}

// Trace returns the traceparent by which others continue here.
func (s *Span) Trace() string {
	if s == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(s.ctx, carrier)
	return carrier["traceparent"]
}

// Set gives the span an attribute.
func (s *Span) Set(name, value string) {
	if s != nil {
		s.span.SetAttributes(attribute.String(name, value))
	}
}

// End ends the span. Outcome is a code of what went wrong, or empty. Only the first call counts.
func (s *Span) End(outcome string) {
	if s == nil {
		return
	}
	s.once.Do(func() {
		if outcome != "" {
			s.span.SetStatus(codes.Error, outcome)
			s.span.SetAttributes(attribute.String("crossframe.code", outcome))
		}
		s.span.End()
	})
}
