package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/directory"
	"github.com/crossframe/crossframe/broker/server"
	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// firstLoad bounds how long the start waits for other directories. A page that is opened before they have answered
// learns of their apps when it is opened again.
const firstLoad = 5 * time.Second

// catalog keeps the app definitions, and what follows from them for the main page.
type catalog struct {
	*directory.Catalog
	now     atomic.Pointer[pageOfApps]
	closers []func()
}

// pageOfApps is what a page gets that is opened now.
type pageOfApps struct {
	apps    []protocol.Definition
	headers http.Header
}

// newCatalog opens the sources that the configuration names and loads them once. It keeps loading until ctx ends; close
// waits for that.
func newCatalog(ctx context.Context, loaded *config.Loaded, log *slog.Logger) (c *catalog, err error) {
	c = new(catalog)
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	sources, err := c.sources(loaded)
	if err != nil {
		return nil, err
	}
	c.Catalog = directory.NewCatalog(log, directory.ApartFrom(loaded.Origins), sources...)
	first, cancel := context.WithTimeout(ctx, firstLoad)
	defer cancel()
	c.Load(first)
	c.closers = append(c.closers, c.Watch(func(s *directory.Snapshot) {
		apps := s.Definitions()
		headers, warnings := server.PageHeaders(apps, loaded.Page.Frames, loaded.LinkOrigin())
		for _, text := range warnings {
			log.Warn(text)
		}
		c.now.Store(&pageOfApps{apps, headers})
	}))
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(running) }()
	c.closers = append(c.closers, func() { stop(); <-ended })
	return c, nil
}

// sources opens the sources in the order of their precedence.
func (c *catalog) sources(loaded *config.Loaded) ([]directory.Source, error) {
	sources := []directory.Source{directory.Fixed("configuration", loaded.Definitions)}
	if loaded.Directory.Git != nil {
		sources = append(sources, directory.NewGit(*loaded.Directory.Git))
	}
	for _, settings := range loaded.Directory.Upstreams {
		token := ""
		if settings.TokenFile != "" {
			text, err := source.Read(settings.TokenFile)
			if err != nil {
				return nil, err
			}
			token = strings.TrimSpace(string(text))
		}
		upstream, closer, err := directory.NewUpstream(settings, token)
		if err != nil {
			return nil, fmt.Errorf("read directory.upstreams: %w", err)
		}
		c.closers = append(c.closers, closer)
		sources = append(sources, upstream)
	}
	return sources, nil
}

func (c *catalog) headers() http.Header { return c.now.Load().headers }

// close ends what keeps loading, in the reverse order of its beginning.
func (c *catalog) close() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i]()
	}
}
