// Command wasm is the hub's program: it exports one function to the Worker and waits.
package main

import (
	"runtime"
	"unsafe"

	"github.com/crossframe/crossframe/wasm/browser"
	"github.com/crossframe/crossframe/wasm/hub"
)

// program is the state behind the exported function, which can have no receiver.
var program struct {
	worker *browser.Worker
	// result is where and how long the outgoing records are, and when the next tick is due.
	result [3]float64
	// calls counts calls, for yieldEvery.
	calls uint32
}

// yieldEvery calls the garbage collector gets a share of the time. It works in goroutines of its own, and the host
// gets its thread back as soon as a call returns: without this, a collection that has begun would go on for ever,
// and with it the write barriers that make each call twice as slow.
const yieldEvery = 32

// turn does one call of the Worker; see the kinds in package browser. For CallReserve it returns the address of
// the input area, otherwise the address of three float64: the outgoing records' address, their length, and the
// next deadline. It never blocks.
//
//go:wasmexport turn
func turn(kind, port, length int32) unsafe.Pointer {
	switch kind {
	case browser.CallReserve:
		return unsafe.Pointer(&program.worker.Reserve(int(length))[0])
	case browser.CallExit:
		panic("the page asked the program to end")
	}
	out, deadline := program.worker.Call(int(kind), uint32(port), int(length))
	if program.calls++; program.calls%yieldEvery == 0 {
		runtime.Gosched()
	}
	program.result = [3]float64{float64(uintptr(unsafe.Pointer(unsafe.SliceData(out)))), float64(len(out)), float64(deadline)}
	return unsafe.Pointer(&program.result[0])
}

func main() {
	program.worker = newWorker(hub.Options{Random: browser.Random})
	select {}
}
