// Package tracing tells OpenTelemetry what the broker does with calls, writes and requests. Only a program built with the tag otel
// links it: it is ten megabytes and two hundred packages, and who passes a traceparent on needs none of it. Without the tag, a
// Tracer is nil, and its methods do nothing.
//
// It may import protocol and, with the tag, go.opentelemetry.io/otel, its SDK and the exporter for OTLP over HTTP. It refuses
// payloads: a span has a name of a fixed list, the method's name, tenant, hub, scope, status and outcome.
package tracing
