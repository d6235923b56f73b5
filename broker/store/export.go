package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// An export is text, one JSON value a line: a head, a line for each value and each record of the log, and an end that has
// the number of lines and a digest of everything before it. Volatile values are not in it, nor are sequences: they mean
// nothing elsewhere. Values with a lifetime have what is left of it by the clocks of those who wrote and who imports it.

// exportHead is the first line.
type exportHead struct {
	Crossframe string    `json:"crossframe"`
	Format     int       `json:"format"`
	Epoch      string    `json:"epoch"`
	Written    time.Time `json:"written"`
}

const exportIs = "store export"

// exportLine is a value, or a record of the log, or the end.
type exportLine struct {
	// Bucket and Key are of a value, the key in its elements; they may hold any bytes, and so are base64.
	Bucket Class    `json:"bucket,omitempty"`
	Key    [][]byte `json:"key,omitempty"`
	// Until is when the value ends.
	Until *time.Time `json:"until,omitempty"`
	// Tenant is of a record of the log, and Written when it was written there.
	Tenant  []byte     `json:"tenant,omitempty"`
	Written *time.Time `json:"written,omitempty"`
	Value   []byte     `json:"value,omitempty"`
	// Lines and Digest are of the end.
	Lines  int64  `json:"lines,omitempty"`
	Digest string `json:"sha256,omitempty"`
}

// Summary counts what an export has.
type Summary struct {
	// Epoch is that of the store that was exported, and Written when.
	Epoch   string
	Written time.Time
	Values  map[Class]int64
	Records int64
}

// Export writes everything durable. Values that are written meanwhile may be in it or not.
func (s *Store) Export(ctx context.Context, to io.Writer) (sum Summary, err error) {
	w := &exporter{to: bufio.NewWriter(to), digest: sha256.New()}
	sum = Summary{Epoch: s.Epoch(), Written: time.Now().UTC(), Values: make(map[Class]int64)}
	if err := w.line(exportHead{exportIs, format, sum.Epoch, sum.Written}); err != nil {
		return sum, err
	}
	for _, t := range traits[1:] {
		if t.memory {
			continue
		}
		n, err := s.exportBucket(ctx, s.buckets[t.class], w)
		if err != nil {
			return sum, fmt.Errorf("export %s: %w", t.class, err)
		}
		if n > 0 {
			sum.Values[t.class] = n
		}
	}
	if sum.Records, err = s.exportLog(ctx, w); err != nil {
		return sum, fmt.Errorf("export log: %w", err)
	}
	return sum, w.end()
}

// exportBucket writes every value that is kept, older ones too, in the order in which they were written: an import ends
// with the last of each key.
func (s *Store) exportBucket(ctx context.Context, b *Bucket, w *exporter) (n int64, err error) {
	// In a cluster the leader is asked for each: another node may have what was deleted already.
	err = s.walk(ctx, b.class.stream(), b.strict || s.engine == nil, want{Next: b.below(Key{})}, func(r record) error {
		e, err := b.entry(r)
		if err != nil || b.ended(r) {
			return err
		}
		line := exportLine{Bucket: b.class, Value: e.Value}
		for _, element := range e.Key.Elements() {
			line.Key = append(line.Key, []byte(element))
		}
		if life := sequenceIn(r.header, lifetimeHeader); life > 0 {
			until := e.Written.Add(time.Duration(life) * time.Second)
			line.Until = &until
		}
		n++
		return w.line(line)
	})
	return n, err
}

func (s *Store) exportLog(ctx context.Context, w *exporter) (n int64, err error) {
	err = s.walk(ctx, auditStream, false, want{Next: auditRoot + "*"}, func(r record) error {
		key, ok := parseKey(r.subject[len(auditRoot):])
		if !ok {
			return fmt.Errorf("%w: a record of the log has a tenant that nobody wrote", ErrCorrupt)
		}
		if err := r.verify(r.subject); err != nil {
			return err
		}
		n++
		written, _ := r.first()
		return w.line(exportLine{Tenant: []byte(key.Elements()[0]), Written: &written, Value: r.data})
	})
	return n, err
}

// exporter writes lines.
type exporter struct {
	to     *bufio.Writer
	digest hash.Hash
	lines  int64
}

func (w *exporter) line(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.lines++
	return w.write(append(text, '\n'))
}

func (w *exporter) write(text []byte) error {
	_, _ = w.digest.Write(text)
	_, err := w.to.Write(text)
	return err
}

func (w *exporter) end() error {
	text, err := json.Marshal(exportLine{Lines: w.lines, Digest: hex.EncodeToString(w.digest.Sum(nil))})
	if err != nil {
		return err
	}
	_, err = w.to.Write(append(text, '\n'))
	return errors.Join(err, w.to.Flush())
}
