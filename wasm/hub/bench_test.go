package hub_test

import (
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// quiet are a desk's ports until it falls silent; then it only remembers the last call.
type quiet struct {
	hub.Ports
	silent bool
	call   uint64
}

func (q *quiet) Send(port hub.Port, f dialect.Frame) {
	if !q.silent {
		q.Ports.Send(port, f)
	} else if f.Tuple.Op == protocol.OpCall {
		q.call = f.Tuple.ID
	}
}

// BenchmarkCall is a call and its result: four messages through the hub, but for the ports.
func BenchmarkCall(b *testing.B) {
	q := &quiet{}
	d := hubtest.New(b, hubtest.Options{
		Boot: protocol.Boot{Apps: apps()},
		Start: func(ports hub.Ports, opts hub.Options) hubtest.Driver {
			q.Ports = ports
			return hub.New(q, opts)
		},
	})
	main := d.Main()
	caller, callee := d.Connect(main, "crm", crm), d.Connect(main, "shell", nestedApp)
	callee.Ask(message(protocol.OpRegister, "m", nil))
	call := message(protocol.OpInvoke, "m", nil)
	call.Body = text(`{"a":1}`)
	q.silent = true
	b.ReportAllocs()
	id := uint64(1000)
	for b.Loop() {
		id++
		call.ID = id
		d.Hub.Receive(d.Now, caller.Port, dialect.Frame{Tuple: call})
		d.Hub.Receive(d.Now, callee.Port, dialect.Frame{Tuple: protocol.Envelope{Op: protocol.OpResult, ID: q.call, Body: call.Body}})
	}
}
