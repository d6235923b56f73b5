// Command hop is the smallest Go program that a Worker can call: its function does nothing, and what it costs is what
// entering Go costs.
package main

//
//lint:ignore U1000 WebAssembly exports it.
//go:wasmexport turn
func turn(kind, port, length int32) int32 { return length }

func main() { select {} }
