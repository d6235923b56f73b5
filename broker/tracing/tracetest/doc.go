// Package tracetest is a collector for tests: it takes what a tracing.Tracer exports, over a real socket. It may import
// broker/tracing. There is something in it with the tag otel only.
package tracetest
