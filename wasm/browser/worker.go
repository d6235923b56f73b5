package browser

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/peer"
)

// Kinds of calls from the Worker.
const (
	// CallReserve asks for room for length bytes of input.
	CallReserve = 0
	// CallFrames: the input holds the messages of one frame of a port.
	CallFrames = 1
	// CallPage: the input holds messages of the page.
	CallPage = 2
	// CallTick: something may be due.
	CallTick = 3
	// CallRestore: the input holds the chunks of one key of the journal; name is the key.
	CallRestore = 4
	// CallResume: everything was restored.
	CallResume = 5
	// CallExit ends the program, to show that the platform survives it.
	CallExit = 6
	// CallLink: something has happened on the link to the broker.
	CallLink = 7
)

// Worker is the hub's side of the Worker. Its methods are called one at a time.
type Worker struct {
	hub   *hub.Hub
	in    []byte
	read  reader
	write writer
	forms map[hub.Port]dialect.Form
	link  func(now int64, h *hub.Hub)
}

// OnLink sets what CallLink does: it tells the hub what has happened on the link to the broker.
func (w *Worker) OnLink(tell func(now int64, h *hub.Hub)) { w.link = tell }

// NewWorker returns a Worker with a new hub. Bodies are read from bodies; opts go to the hub.
func NewWorker(bodies protocol.BodySource, opts hub.Options) *Worker {
	w := &Worker{read: reader{bodies: bodies}, forms: make(map[hub.Port]dialect.Form)}
	w.hub = hub.New(w, opts)
	return w
}

// Reserve returns the input area, with room for n bytes. An area returned earlier is no longer used.
func (w *Worker) Reserve(n int) []byte {
	if n > len(w.in) || len(w.in) == 0 {
		w.in = make([]byte, max(padded(n), 2*len(w.in), 64<<10))
	}
	return w.in
}

// Call does one call of the given kind with length bytes of input. It returns the outgoing records, valid until
// the next call, and when CallTick is next due: on the clock of the input, 0 for never.
func (w *Worker) Call(kind int, port uint32, length int) (out []byte, deadline int64) {
	w.write.reset()
	if length < wordBytes || length > len(w.in) {
		return nil, w.hub.Deadline()
	}
	now := int64(word(w.in, 0))
	w.read.reset(w.in[wordBytes:length])
	switch kind {
	case CallFrames:
		w.frames(now, hub.Port(port))
	case CallPage:
		w.each(func(e protocol.Envelope) { w.hub.Page(now, e) })
	case CallTick:
		w.hub.Tick(now)
	case CallRestore:
		w.restore()
	case CallResume:
		for _, key := range w.hub.Resume(now) {
			w.Record(peer.Record{Kind: peer.RecordDrop, Key: key})
		}
	case CallLink:
		if w.link != nil {
			w.link(now, w.hub)
		}
	}
	return w.write.data, w.hub.Deadline()
}

func (w *Worker) each(f func(protocol.Envelope)) {
	var e protocol.Envelope
	for {
		more, err := w.read.next(&e)
		if err != nil || !more {
			return
		}
		f(e)
	}
}

func (w *Worker) frames(now int64, port hub.Port) {
	texts := w.forms[port] == dialect.Texts
	w.each(func(e protocol.Envelope) {
		if texts {
			w.hub.Receive(now, port, dialect.Frame{Text: e.Body.Bytes()})
			return
		}
		w.hub.Receive(now, port, dialect.Frame{Tuple: e})
	})
}

// restore collects the chunks of one key. They outlive the call, so they are copied.
func (w *Worker) restore() {
	var key string
	var chunks []peer.Chunk
	w.each(func(e protocol.Envelope) {
		key = e.Name
		chunks = append(chunks, peer.Chunk{Head: append([]byte(nil), e.Head...), Body: append([]byte(nil), e.Body.Bytes()...)})
	})
	w.hub.Restore(key, chunks)
}

// Admit implements hub.Ports.
func (w *Worker) Admit(port hub.Port, connectionID string, form dialect.Form, limits protocol.Limits) {
	w.forms[port] = form
	e := protocol.Envelope{Op: protocol.Op(form), Name: connectionID, Head: limits.AppendJSON(nil)}
	w.write.put(outAdmit, uint32(port), &e)
}

// Send implements hub.Ports.
func (w *Worker) Send(port hub.Port, f dialect.Frame) {
	if f.Text != nil {
		w.write.put(outText, uint32(port), &protocol.Envelope{Head: f.Text})
		return
	}
	w.write.put(outSend, uint32(port), &f.Tuple)
}

// Close implements hub.Ports.
func (w *Worker) Close(port hub.Port) {
	delete(w.forms, port)
	w.write.put(outClose, uint32(port), &protocol.Envelope{})
}

// Page implements hub.Ports.
func (w *Worker) Page(e protocol.Envelope) { w.write.put(outPage, 0, &e) }

// Record implements hub.Ports.
func (w *Worker) Record(r peer.Record) {
	w.write.put(outJournal, 0, &protocol.Envelope{Op: protocol.Op(r.Kind), Name: r.Key, Head: r.Head, Body: r.Body})
}
