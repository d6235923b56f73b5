package browser

// wake asks the Worker for a call of the kind CallLink. The call comes later: never from within wake.
//
//go:wasmimport crossframe wake
func wake()

// Wake asks the Worker for a call of the kind CallLink. It may be called from any goroutine.
func Wake() { wake() }
