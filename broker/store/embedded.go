package store

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a NATS server in this process, which is reached by a pipe: it listens nowhere.
type embedded struct {
	options Options
	log     *slog.Logger
	// dir is nil if everything is in memory.
	dir   *directory
	space *space
	marks *watermarks
	// scratch is a directory that the engine wants although everything is in memory.
	scratch string
	// failing: the engine could not write something, and may have given up a stream until it is started anew.
	failing atomic.Bool

	mu     sync.Mutex
	server *server.Server
}

// startEmbedded checks the directory and starts the engine in it.
func startEmbedded(o Options) (*embedded, error) {
	e := &embedded{options: o, log: o.Log, marks: newWatermarks()}
	if err := e.begin(); err != nil {
		e.halt()
		e.release()
		return nil, err
	}
	return e, nil
}

func (e *embedded) begin() (err error) {
	if e.options.Dir == "" {
		if e.scratch, err = os.MkdirTemp("", "crossframe-store-"); err != nil {
			return fmt.Errorf("make scratch directory: %w", err)
		}
		return e.start()
	}
	if e.dir, err = openDirectory(e.options.Dir); err != nil {
		return err
	}
	e.space = &space{dir: e.options.Dir, reserve: e.options.ReserveBytes}
	if err = e.examine(); err != nil {
		return err
	}
	return e.start()
}

// examine refuses damage, or logs it where it is to be gone over. It notes that from now on the files change.
func (e *embedded) examine() error {
	found, err := e.dir.check()
	if err != nil {
		return err
	}
	if len(found) > 0 && !e.options.DangerouslyOpenDamaged {
		return damageError(e.dir.path, found)
	}
	for _, d := range found {
		e.log.Error("store is damaged and opened all the same", "dir", e.dir.path, "damage", d.String())
	}
	point, err := e.dir.readCheckpoint()
	if err != nil && len(found) == 0 {
		return err
	}
	if len(found) == 0 {
		for stream, last := range point.Last {
			e.marks.last[stream] = last
		}
	}
	return e.dir.write(checkpointFile, checkpoint{Last: e.marks.last})
}

func damageError(path string, found []damage) error {
	return fmt.Errorf("%w: %s: %s (and %d more)\n  fix: crossframe store import a backup into an empty directory; or start once with --store-accept-damage, which loses what is damaged",
		ErrCorrupt, path, found[0], len(found)-1)
}

// start starts a server.
func (e *embedded) start() error {
	dir := e.scratch
	if e.dir != nil {
		dir = e.dir.path
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "crossframe", DontListen: true, NoSigs: true,
		JetStream: true, StoreDir: dir, DisableJetStreamBanner: true,
		// What is acknowledged is on disk. Without this it would be there two minutes later.
		SyncAlways:         !e.options.lazy,
		JetStreamMaxMemory: e.options.MaxMemoryBytes,
		// The file system's own limit counts; see space.
		JetStreamMaxStore: 1 << 50,
		MaxPayload:        int32(min(e.options.MaxValueBytes+headroom, 60<<20)),
		MaxControlLine:    4096,
	})
	if err != nil {
		return fmt.Errorf("make engine: %w", err)
	}
	srv.SetLoggerV2(&engineLog{e.log, &e.failing}, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(10*time.Second) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		srv.WaitForShutdown()
		return fmt.Errorf("start engine: %w", ErrUnavailable)
	}
	e.mu.Lock()
	e.server = srv
	e.mu.Unlock()
	return nil
}

// headroom is what a message may have beside its value: subject and headers.
const headroom = 8 << 10

// InProcessConn gives the client its end of a pipe to the server that runs now.
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil, net.ErrClosed
	}
	return e.server.InProcessConn()
}

// halt stops the server and waits until its files are closed.
func (e *embedded) halt() {
	e.mu.Lock()
	srv := e.server
	e.server = nil
	e.mu.Unlock()
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

// close stops the engine and writes down what its files look like.
func (e *embedded) close() (err error) {
	e.halt()
	defer e.release()
	if e.dir == nil {
		return nil
	}
	files, err := e.dir.blockFiles()
	if err == nil {
		last, _ := e.marks.take()
		err = e.dir.write(checkpointFile, checkpoint{Clean: !e.failing.Load(), Last: last, Files: files})
	}
	return err
}

func (e *embedded) release() {
	if e.dir != nil {
		e.dir.close()
	}
	if e.scratch != "" {
		_ = os.RemoveAll(e.scratch)
	}
}

// tend writes down how far the streams have come, and starts the engine anew after it could not write. It is called once a
// second.
func (e *embedded) tend() {
	if e.dir == nil {
		return
	}
	if last, changed := e.marks.take(); changed {
		if err := e.dir.write(checkpointFile, checkpoint{Last: last}); err != nil {
			e.log.Warn("could not write the store's checkpoint", "error", err)
			e.marks.retry()
		}
	}
	e.mu.Lock()
	lost := e.server == nil || !e.server.JetStreamEnabled()
	e.mu.Unlock()
	if lost || e.failing.Load() {
		e.revive()
	}
}

// revive starts the engine anew, if there is space again. Volatile buckets are empty afterwards.
func (e *embedded) revive() {
	if err := e.space.check(0, e.space.kept()); err != nil {
		return
	}
	e.log.Warn("the store could not write, and starts anew")
	e.halt()
	e.failing.Store(false)
	found, err := e.dir.check()
	if err == nil && len(found) > 0 {
		err = damageError(e.dir.path, found)
	}
	if err == nil {
		err = e.start()
	}
	if err != nil {
		e.log.Error("the store could not start anew", "error", err)
	}
}

// state says what is wrong with the engine itself.
func (e *embedded) state() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.server == nil:
		return errors.New("the store's engine is not running; see the log")
	case !e.server.JetStreamEnabled() || e.failing.Load():
		return errors.New("the store's engine could not write, and starts anew when it can")
	}
	if e.space == nil {
		return nil
	}
	return e.space.check(ample, e.space.kept())
}

// ample is what must be free above the reserve for the store to be well: less is soon gone.
const ample = 1 << 20

// engineLog passes on what the server says, and notices when it could not write: the server keeps such a stream closed
// until it is started anew, and answers nothing.
type engineLog struct {
	log     *slog.Logger
	failing *atomic.Bool
}

// writeFailures are parts of what the server says when it could not write.
var writeFailures = []string{"write error", "failed to store a msg", "out of resources", "permission denied", "no space left", "sync error"}

func (l *engineLog) Errorf(form string, v ...any) {
	text := fmt.Sprintf(form, v...)
	for _, part := range writeFailures {
		if strings.Contains(text, part) {
			l.failing.Store(true)
		}
	}
	l.log.Error("store engine", "says", text)
}

func (l *engineLog) Warnf(form string, v ...any) {
	l.log.Warn("store engine", "says", fmt.Sprintf(form, v...))
}
func (l *engineLog) Fatalf(form string, v ...any) { l.Errorf(form, v...) }
func (l *engineLog) Noticef(form string, v ...any) {
	l.log.Debug("store engine", "says", fmt.Sprintf(form, v...))
}
func (l *engineLog) Debugf(string, ...any) {}
func (l *engineLog) Tracef(string, ...any) {}
