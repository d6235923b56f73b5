package browser

// wake asks the Worker for a call of the kind CallLink. The call comes later: never from within wake.
//
//go:wasmimport crossframe wake
func wake()

// Wake asks the Worker for a call of the kind CallLink. It may be called from any goroutine.
func Wake() { wake() }

// resume asks the Worker to let goroutines run. That comes later: never from within resume.
//
//go:wasmimport crossframe resume
func resume()

// Resume asks the Worker to let goroutines run until all of them wait. A call of the Worker returns before they do.
func Resume() { resume() }
