package licensing

import (
	"errors"
	"fmt"
	"strings"

	"github.com/crossframe/crossframe/protocol"
)

// newest is a signed file of which the latest version counts: one that is broken, missing or older takes nothing back.
type newest[T any] struct {
	// file is "" where none is configured.
	file   string
	code   protocol.Code
	issued func(*T) int64
	open   func(text string, keys []protocol.TrustedKey) (T, *protocol.Fault)

	// text and value are the latest that was good. value is nil where there is none; then broken says why.
	text   string
	value  *T
	broken *protocol.Fault
}

// read takes the file over, where it is not older than the one before. highest remembers when that was issued. What was good
// before is held against the keys again: it does not outlive the key that signed it.
func (n *newest[T]) read(keys []protocol.TrustedKey, highest *int64) error {
	if n.file == "" {
		return nil
	}
	text, err := readFile(n.file)
	if err == nil {
		if err = n.take(strings.TrimSpace(string(text)), keys, highest); err == nil {
			return nil
		}
	}
	if n.value != nil && n.take(n.text, keys, highest) == nil {
		return fmt.Errorf("%w; the one before holds", err)
	}
	n.text, n.value = "", nil
	var fault *protocol.Fault
	if !errors.As(err, &fault) {
		fault = protocol.NewFault(n.code, err.Error())
	}
	n.broken = fault
	return err
}

func (n *newest[T]) take(text string, keys []protocol.TrustedKey, highest *int64) error {
	value, fault := n.open(text, keys)
	if fault != nil {
		return fault
	}
	issued := n.issued(&value)
	if issued < *highest {
		return protocol.NewFault(n.code, n.file+" is older than the one that was read before; put the latest one in its place")
	}
	n.text, n.value, n.broken, *highest = text, &value, nil, issued
	return nil
}
