package crossframe

import (
	"context"

	"github.com/crossframe/crossframe/protocol"
)

// Methods lists the methods that the program may call. The zero query asks for all.
func (c *Client) Methods(ctx context.Context, query protocol.MethodQuery) ([]protocol.MethodInfo, error) {
	answer, err := c.ask(ctx, protocol.Envelope{Op: protocol.OpDiscover, Head: query.AppendJSON(nil)}, nil)
	if err != nil {
		return nil, err
	}
	return methodsOf(answer)
}

func methodsOf(answer *protocol.Envelope) ([]protocol.MethodInfo, error) {
	var list protocol.MethodList
	if err := list.DecodeJSON(answer.Head); err != nil {
		return nil, err
	}
	return list.Methods, nil
}

// WaitFor returns who offers a method, as soon as somebody does.
func (c *Client) WaitFor(ctx context.Context, method string) (protocol.PeerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, protocol.MaxTimeoutMs*1e6)
	defer cancel()
	options := protocol.AwaitOptions{TimeoutMs: protocol.MaxTimeoutMs}
	answer, err := c.ask(ctx, protocol.Envelope{Op: protocol.OpAwait, Name: method, Head: options.AppendJSON(nil)}, nil)
	if err != nil {
		return protocol.PeerInfo{}, err
	}
	return c.peer(answer.Peer), nil
}

// watch tells which methods come and go.
type watch struct {
	id    uint64
	query protocol.MethodQuery
	tell  func(added, removed []protocol.MethodInfo)
	known map[methodKey]protocol.MethodInfo
}

type methodKey struct {
	peer int64
	name string
}

// WatchMethods tells the methods that the program may call, and from then on which come and go; also what was missed while
// there was no connection. The function returned ends it.
func (c *Client) WatchMethods(
	ctx context.Context, query protocol.MethodQuery, tell func(added, removed []protocol.MethodInfo),
) (stop func(), err error) {
	w := &watch{query: query, tell: tell, known: make(map[methodKey]protocol.MethodInfo)}
	c.mu.Lock()
	c.lastID++
	w.id = c.lastID
	c.watches[w.id] = w
	c.mu.Unlock()
	if _, err := c.askWith(ctx, w.request(), w.waiting()); err != nil {
		c.mu.Lock()
		delete(c.watches, w.id)
		c.mu.Unlock()
		return nil, err
	}
	return func() {
		c.mu.Lock()
		_, there := c.watches[w.id]
		delete(c.watches, w.id)
		c.mu.Unlock()
		if there {
			c.drop(protocol.Envelope{Op: protocol.OpUnwatch, Ref: w.id})
		}
	}, nil
}

// drop sends a request whose answer nobody needs.
func (c *Client) drop(e protocol.Envelope) {
	_ = c.begin(&e, &pending{done: make(chan struct{})})
}

func (w *watch) request() protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpWatch, ID: w.id, Head: w.query.AppendJSON(nil)}
}

// waiting is the request for the list, which is held against what is known.
func (w *watch) waiting() *pending {
	return &pending{done: make(chan struct{}), then: func(answer *protocol.Envelope, fault *protocol.Fault) {
		if fault != nil {
			return
		}
		list, err := methodsOf(answer)
		if err != nil {
			return
		}
		var added, removed []protocol.MethodInfo
		now := make(map[methodKey]protocol.MethodInfo, len(list))
		for _, m := range list {
			key := methodKey{m.Peer.Peer, m.Name}
			now[key] = m
			if _, known := w.known[key]; !known {
				added = append(added, m)
			}
		}
		for key, m := range w.known {
			if _, still := now[key]; !still {
				removed = append(removed, m)
			}
		}
		w.known = now
		w.tell(added, removed)
	}}
}

func (c *Client) methodsChanged(m *protocol.Envelope) {
	c.mu.Lock()
	w := c.watches[m.Ref]
	c.mu.Unlock()
	var change protocol.MethodChange
	if w == nil || change.DecodeJSON(m.Head) != nil {
		return
	}
	for _, added := range change.Added {
		w.known[methodKey{added.Peer.Peer, added.Name}] = added
	}
	for _, removed := range change.Removed {
		delete(w.known, methodKey{removed.Peer.Peer, removed.Name})
	}
	w.tell(change.Added, change.Removed)
}
