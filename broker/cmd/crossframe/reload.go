package main

import (
	"context"
	"os"
	"time"
)

// reloadTimeout bounds how long addresses that keys and definitions come from may take.
const reloadTimeout = 10 * time.Second

// hear reads files again at each signal, until ctx ends.
func (w *workspace) hear(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			w.reload(ctx)
		}
	}
}

// reload reads everything again that can be replaced while the broker runs. Most of it is looked at from time to time anyway; the
// signal makes it now. The configuration file is not among it: a changed configuration needs a restart.
func (w *workspace) reload(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reloadTimeout)
	defer cancel()
	if w.certificate != nil {
		// What is wrong with it is in the log already.
		_ = w.certificate.Reload()
	}
	w.license.Check()
	if err := w.checker.Reload(ctx); err != nil {
		w.log.Error("the keys of identity.jwt could not be read again", "problem", err.Error())
	}
	w.apps.Load(ctx)
	w.log.Info("files read again", "what", "certificate, license, keys of tokens, app definitions of directories")
}
