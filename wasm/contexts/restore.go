package contexts

import (
	"errors"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/wasm/peer"
)

var (
	errNoKey = errors.New("the room has no such key")
	errTwice = errors.New("it exists already")
)

// Restore takes one key of the journal back into the room. The keys may come in any order; each comes once.
func (r *Room) Restore(key string, chunks []peer.Chunk) error {
	if len(chunks) == 0 {
		return errors.New("restore " + key + ": no chunks")
	}
	var err error
	if name, ok := strings.CutPrefix(key, keyValue); ok {
		err = r.restoreValue(name, chunks)
	} else if id, ok := strings.CutPrefix(key, keySubscription); ok {
		err = r.restoreSubscription(id, string(chunks[0].Head))
	} else if key == keyFloor {
		r.floor, err = parseNumber(string(chunks[0].Head))
	} else if r.beyond != nil {
		err = r.beyond.restore(key, chunks)
	} else {
		err = errNoKey
	}
	if err != nil {
		return errors.New("restore " + key + ": " + err.Error())
	}
	return nil
}

func (r *Room) restoreValue(name string, chunks []peer.Chunk) error {
	var info protocol.ContextInfo
	if err := info.DecodeJSON(chunks[0].Head); err != nil {
		return err
	}
	value, err := jsontext.ParseObject(chunks[0].Body)
	if err != nil {
		return err
	}
	c := r.at(name)
	switch {
	case c.exists():
		return errTwice
	case info.Revision < 1:
		return errors.New("no revision")
	}
	for _, chunk := range chunks[1:] {
		if err := reapply(value, chunk); err != nil {
			return err
		}
	}
	c.value, c.parsed = value, len(chunks[0].Body)
	c.revision = uint64(info.Revision) + uint64(len(chunks)-1)
	c.lifetime, c.creator = info.Lifetime, info.Owner
	for _, chunk := range chunks[1:] {
		c.weigh(len(chunk.Head), len(chunk.Body))
	}
	r.enter(c)
	r.bytes += c.size()
	return nil
}

// reapply makes a journaled change once more.
func reapply(value *jsontext.Object, chunk peer.Chunk) error {
	var change protocol.ContextChange
	if err := change.DecodeJSON(chunk.Head); err != nil {
		return err
	}
	switch change.Kind {
	case "", protocol.ChangeUpdate:
		return value.Merge(chunk.Body, change.Removed, 0)
	case protocol.ChangePatch:
		return value.Patch(change.Set, chunk.Body, change.Remove, 0)
	}
	return errors.New("a change of kind " + change.Kind + " is not appended")
}

func (r *Room) restoreSubscription(key, name string) error {
	p, id, err := parsePair(key)
	if err != nil {
		return err
	}
	if r.subscriptions[p][id] != nil {
		return errTwice
	}
	r.follow(p, id, name)
	return nil
}

// parsePair reads a peer, "/" and an id.
func parsePair(pair string) (peer.ID, uint64, error) {
	number, digits, _ := strings.Cut(pair, "/")
	p, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return 0, 0, errors.New("no peer")
	}
	id, err := parseNumber(digits)
	return peer.ID(p), id, err
}

// parseNumber reads an id or a revision.
func parseNumber(digits string) (uint64, error) {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > protocol.MaxID {
		return 0, errors.New("want a number")
	}
	return n, nil
}
