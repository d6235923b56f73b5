package store

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Headers of a value's record. The first is our own; the others are those of NATS.
const (
	// sumHeader is a checksum over subject and value that goes with it from the writer to every reader, whatever is between
	// them. It also makes every record one with headers: in those, the engine's own checksum leaves less out.
	sumHeader       = "Cf-Sum"
	operationHeader = "KV-Operation"
	rollupHeader    = "Nats-Rollup"
	lifetimeHeader  = "Nats-TTL"
	reasonHeader    = "Nats-Marker-Reason"
	// writtenHeader is when an imported record of the log was written first.
	writtenHeader = "Cf-Written"
	expectHeader  = "Nats-Expected-Last-Subject-Sequence"
	purged        = "PURGE"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sumOf(subject string, value []byte) string {
	sum := crc32.Update(crc32.Checksum([]byte(subject), castagnoli), castagnoli, value)
	return strconv.FormatUint(uint64(sum), 16)
}

// first returns when the record was written, before it was imported too.
func (r *record) first() (at time.Time, imported bool) {
	if at, err := time.Parse(time.RFC3339Nano, r.header.Get(writtenHeader)); err == nil {
		return at, true
	}
	return r.written, false
}

// deleted reports whether the record says that there is no value.
func (r *record) deleted() bool {
	return r.header.Get(operationHeader) != "" || r.header.Get(reasonHeader) != ""
}

// verify holds the record against the checksum that it was written with. One that another program wrote has none.
func (r *record) verify(subject string) error {
	if sum := r.header.Get(sumHeader); sum != "" && sum != sumOf(subject, r.data) {
		return fmt.Errorf("%w: value %d of %s does not have its checksum", ErrCorrupt, r.sequence, subject)
	}
	return nil
}

// entry reads the record of one of the bucket's values.
func (b *Bucket) entry(r record) (Entry, error) {
	encoded, ok := strings.CutPrefix(r.subject, b.class.root())
	key, valid := parseKey(encoded)
	if !ok || !valid {
		return Entry{}, fmt.Errorf("%w: value %d of %s has a key that nobody wrote", ErrCorrupt, r.sequence, b.class)
	}
	if err := r.verify(r.subject); err != nil {
		return Entry{}, err
	}
	return Entry{Key: key, Value: r.data, Sequence: r.sequence, Written: r.written}, nil
}

// sealed returns a message for a subject with its checksum.
func sealed(subject string, value []byte) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: value, Header: nats.Header{sumHeader: {sumOf(subject, value)}}}
}
