package link

// windowBytes is how much may be on the way that the broker has not read.
const windowBytes = 1 << 20

// window knows how much is on the way. A heartbeat that is answered says that everything before it was read; the link
// sends one whenever half of the window is used, and at least every Options.Heartbeat.
type window struct {
	// sent and read count bytes: those that were written, and those that the broker is known to have read.
	sent, read int64
	// mark is what was sent before the heartbeat that is on the way, if beating; heartbeat says that one is due.
	mark      int64
	beating   bool
	heartbeat bool
}

// open reports whether a frame may be written.
func (w *window) open() bool { return w.sent-w.read < windowBytes }

// wrote counts a frame.
func (w *window) wrote(n int) {
	w.sent += int64(n)
	w.consider()
}

// consider makes a heartbeat due where the window is half used.
func (w *window) consider() {
	if w.sent-w.read >= windowBytes/2 {
		w.beat()
	}
}

// beat makes a heartbeat due, unless one is on the way.
func (w *window) beat() { w.heartbeat = !w.beating }

// takeBeat reports whether a heartbeat is to be written now, and counts it as written.
func (w *window) takeBeat() bool {
	if !w.heartbeat {
		return false
	}
	w.heartbeat, w.beating, w.mark = false, true, w.sent
	return true
}

// answered notes that a heartbeat came back. One that nobody asked for changes nothing.
func (w *window) answered() {
	if w.beating {
		w.beating, w.read = false, w.mark
		w.consider()
	}
}
