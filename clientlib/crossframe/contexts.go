package crossframe

import (
	"context"
	"encoding/json"

	"github.com/crossframe/crossframe/protocol"
)

// Snapshot is a shared context as it was when it was read.
type Snapshot struct {
	// Value is the JSON text of an object; nil where there is no such context.
	Value json.RawMessage
	// Revision is 0 where there is no such context.
	Revision int64
	Info     protocol.ContextInfo
}

// Get reads a shared context of a scope; "" is "tenant".
func (c *Client) Get(ctx context.Context, name, scope string) (*Snapshot, error) {
	options := protocol.ContextOptions{Scope: scopeOr(scope)}
	answer, err := c.ask(ctx, protocol.Envelope{Op: protocol.OpContextGet, Name: name, Head: options.AppendJSON(nil)}, nil)
	if err != nil {
		return nil, err
	}
	return snapshotOf(answer)
}

func snapshotOf(m *protocol.Envelope) (*Snapshot, error) {
	s := &Snapshot{Revision: int64(m.Ref)}
	if err := s.Info.DecodeJSON(m.Head); err != nil {
		return nil, err
	}
	if m.Body.Kind == protocol.BodyText {
		s.Value = append(json.RawMessage{}, m.Body.Bytes()...)
	}
	return s, nil
}

// Set replaces the value of a shared context, or creates it. It returns the revision.
func (c *Client) Set(ctx context.Context, name string, value any, o WriteOptions) (int64, error) {
	return c.write(ctx, protocol.OpContextSet, name, value, o.head())
}

// Update merges members into the value of a shared context, or creates it. It returns the revision.
func (c *Client) Update(ctx context.Context, name string, delta any, o WriteOptions) (int64, error) {
	return c.write(ctx, protocol.OpContextUpdate, name, delta, o.head())
}

func (o *WriteOptions) head() *protocol.WriteOptions {
	return &protocol.WriteOptions{Scope: scopeOr(o.Scope), IfRevision: o.IfRevision, Lifetime: o.Lifetime, Remove: o.Remove}
}

// PathValue is a path of a value, and what it is set to.
type PathValue struct {
	Path  []string
	Value any
}

// Patch removes paths of a shared context's value, and then sets some. It returns the revision.
func (c *Client) Patch(ctx context.Context, name string, set []PathValue, remove [][]string, o WriteOptions) (int64, error) {
	head := protocol.PatchOptions{Scope: scopeOr(o.Scope), IfRevision: o.IfRevision, Lifetime: o.Lifetime, Remove: remove}
	values := make([]any, len(set))
	for i, s := range set {
		head.Set = append(head.Set, s.Path)
		values[i] = s.Value
	}
	return c.write(ctx, protocol.OpContextPatch, name, values, &head)
}

// sequenced is the head of a write.
type sequenced interface{ AppendJSON(dst []byte) []byte }

// write sends a write. Its number lets the broker see one that comes again.
func (c *Client) write(ctx context.Context, op protocol.Op, name string, value any, head sequenced) (int64, error) {
	body, err := bodyOf(value)
	if err != nil {
		return 0, err
	}
	answer, err := c.ask(ctx, protocol.Envelope{Op: op, Name: name, Head: c.numbered(head), Body: body}, nil)
	if err != nil {
		return 0, err
	}
	return int64(answer.Ref), nil
}

func (c *Client) numbered(head sequenced) []byte {
	c.mu.Lock()
	c.sequence++
	n := c.sequence
	c.mu.Unlock()
	switch h := head.(type) {
	case *protocol.WriteOptions:
		h.Sequence = n
	case *protocol.PatchOptions:
		h.Sequence = n
	case *protocol.ContextOptions:
		h.Sequence = n
	}
	return head.AppendJSON(nil)
}

// Destroy removes a shared context of a scope; "" is "tenant".
func (c *Client) Destroy(ctx context.Context, name, scope string) error {
	head := c.numbered(&protocol.ContextOptions{Scope: scopeOr(scope)})
	_, err := c.ask(ctx, protocol.Envelope{Op: protocol.OpContextDestroy, Name: name, Head: head}, nil)
	return err
}

// Contexts lists the shared contexts of a scope; "" is "tenant".
func (c *Client) Contexts(ctx context.Context, scope string) ([]protocol.ContextInfo, error) {
	options := protocol.ContextOptions{Scope: scopeOr(scope)}
	answer, err := c.ask(ctx, protocol.Envelope{Op: protocol.OpContextList, Head: options.AppendJSON(nil)}, nil)
	if err != nil {
		return nil, err
	}
	var list protocol.ContextList
	if err := list.DecodeJSON(answer.Head); err != nil {
		return nil, err
	}
	return list.Contexts, nil
}
