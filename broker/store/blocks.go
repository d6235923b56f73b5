package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
)

// The engine checks the checksum of a record when it reads it, and leaves out what does not match when it starts: the
// rest of that file is then gone without a word. So all records are checked before it starts. The form of its files is that
// of nats-server 2.15; blocks_test.go holds a running engine against what is read here.
const (
	recordHead  = 22
	recordSum   = 8
	maxRecord   = 32 << 20
	headersBit  = 1 << 31
	erasedBit   = 1 << 63
	tombBit     = 1 << 62
	streamsPath = "$G/streams"
)

// damage is one place where the files are not what was written.
type damage struct {
	file string
	at   int64
	what string
}

func (d damage) String() string { return fmt.Sprintf("%s at byte %d: %s", d.file, d.at, d.what) }

// check holds the engine's files against their checksums and the checkpoint. It changes nothing. The first damage of each
// stream is returned.
func (d *directory) check() (found []damage, err error) {
	point, err := d.readCheckpoint()
	if errors.Is(err, ErrCorrupt) {
		return []damage{{checkpointFile, 0, "is not readable"}}, nil
	} else if err != nil {
		return nil, err
	}
	found, err = d.checkFiles(point)
	if err != nil {
		return nil, err
	}
	for _, c := range d.mark.Buckets {
		if t := traitOf(c); t != nil && !t.memory {
			bad, err := d.checkStream(c.stream(), point)
			if err != nil {
				return nil, err
			}
			found = append(found, bad...)
		}
	}
	if len(d.mark.Buckets) > 0 {
		bad, err := d.checkStream(auditStream, point)
		if err != nil {
			return nil, err
		}
		found = append(found, bad...)
	}
	return found, nil
}

// VerifyDirectory checks the directory of an embedded engine that no process has open, and changes nothing in it. It returns
// where the files are not what was written; that there is nothing is nil.
func VerifyDirectory(path string) (damage []string, err error) {
	if _, err := os.Stat(filepath.Join(path, markFile)); err != nil {
		return nil, fmt.Errorf("verify store: %s is no store: %w", path, err)
	}
	d, err := openDirectory(path)
	if err != nil {
		return nil, err
	}
	defer d.close()
	found, err := d.check()
	for _, f := range found {
		damage = append(damage, f.String())
	}
	return damage, err
}

// checkFiles compares the sizes after a clean stop.
func (d *directory) checkFiles(point checkpoint) (found []damage, err error) {
	if !point.Clean {
		return nil, nil
	}
	files, err := d.blockFiles()
	if err != nil {
		return nil, err
	}
	for name, size := range point.Files {
		if now, ok := files[name]; !ok {
			found = append(found, damage{name, 0, "is missing"})
		} else if now != size {
			found = append(found, damage{name, min(now, size), fmt.Sprintf("has %d bytes and had %d", now, size)})
		}
	}
	slices.SortFunc(found, func(a, b damage) int { return strings.Compare(a.file, b.file) })
	return found, nil
}

// checkStream checks one stream's records.
func (d *directory) checkStream(stream string, point checkpoint) ([]damage, error) {
	folder := filepath.Join(streamsPath, stream)
	at := func(what string) []damage { return []damage{{folder, 0, what}} }
	if _, err := os.Stat(d.file(filepath.Join(engineDir, folder, "meta.inf"))); errors.Is(err, os.ErrNotExist) {
		return at("the stream is missing"), nil
	} else if err != nil {
		return nil, fmt.Errorf("check store: %w", err)
	}
	blocks, err := d.blocksOf(folder)
	if err != nil {
		return nil, err
	}
	var last uint64
	for i, name := range blocks {
		reader := newBlockReader(stream, name)
		end, bad, err := reader.check(d.file(filepath.Join(engineDir, name)), &last)
		if err != nil {
			return nil, err
		}
		// A record that was being written when the power went is not acknowledged. It can only be the very last.
		torn := bad != "" && i == len(blocks)-1 && !point.Clean && reader.torn && last >= point.Last[stream]
		if bad != "" && !torn {
			return []damage{{name, end, fmt.Sprintf("%s; what is before it ends at %d, and %d was acknowledged", bad, last, point.Last[stream])}}, nil
		}
	}
	if last < point.Last[stream] {
		return at(fmt.Sprintf("it ends at %d, and %d was acknowledged", last, point.Last[stream])), nil
	}
	return nil, nil
}

// blocksOf returns the stream's files in the order in which they were written.
func (d *directory) blocksOf(folder string) ([]string, error) {
	entries, err := os.ReadDir(d.file(filepath.Join(engineDir, folder, "msgs")))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("check store: %w", err)
	}
	var numbers []int
	for _, e := range entries {
		if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".blk")); err == nil && strings.HasSuffix(e.Name(), ".blk") {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = filepath.Join(folder, "msgs", strconv.Itoa(n)+".blk")
	}
	return names, nil
}

// blockReader checks the records of one file.
type blockReader struct {
	sum hash.Hash
	// torn: the damage found last may be a record that was never finished: nothing readable follows.
	torn bool
}

// newBlockReader returns one for a file of a stream: its number is part of the checksums' key.
func newBlockReader(stream, name string) *blockReader {
	key := sha256.Sum256([]byte(stream + "-" + strings.TrimSuffix(filepath.Base(name), ".blk")))
	sum, _ := highwayhash.New64(key[:]) // fails for keys of another length only
	return &blockReader{sum: sum}
}

// check reads one file. It returns where the damage is and what it is, or "". last grows to the highest sequence.
func (r *blockReader) check(path string, last *uint64) (at int64, bad string, err error) {
	r.torn = false
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, "", fmt.Errorf("check store: %w", err)
	}
	for at := 0; at < len(text); {
		n, sequence, bad := r.record(text[at:])
		if bad != "" {
			r.torn = !r.readableAfter(text[at:])
			return int64(at), bad, nil
		}
		*last = max(*last, sequence)
		at += n
	}
	return 0, "", nil
}

// record checks the record that text begins with. It returns how long that is.
func (r *blockReader) record(text []byte) (n int, sequence uint64, bad string) {
	if len(text) < recordHead+recordSum {
		return 0, 0, "the file ends within a record"
	}
	word := binary.LittleEndian.Uint32(text)
	hasHeaders := word&headersBit != 0
	n = int(word &^ headersBit)
	subject := int(binary.LittleEndian.Uint16(text[20:]))
	skip := subject
	if hasHeaders {
		skip += 4
	}
	switch {
	case n < recordHead+recordSum+skip || n > maxRecord:
		return 0, 0, "a record has an impossible length"
	case n > len(text):
		return 0, 0, "the file ends within a record"
	}
	data := text[recordHead : n-recordSum]
	r.sum.Reset()
	_, _ = r.sum.Write(text[4:20])
	_, _ = r.sum.Write(data[:subject])
	_, _ = r.sum.Write(data[skip:])
	if !bytes.Equal(r.sum.Sum(nil), text[n-recordSum:n]) {
		return n, 0, "the checksum of a record does not match"
	}
	if hasHeaders && !headersWhole(data[subject:]) {
		return n, 0, "the length of a record's headers does not match"
	}
	return n, binary.LittleEndian.Uint64(text[4:]) &^ (erasedBit | tombBit), ""
}

// headersWhole looks at what the checksum does not cover: how long the headers are.
func headersWhole(text []byte) bool {
	n := int64(binary.LittleEndian.Uint32(text))
	text = text[4:]
	return n <= int64(len(text)) && bytes.HasPrefix(text, []byte("NATS/1.0")) && bytes.HasSuffix(text[:n], []byte("\r\n\r\n"))
}

// readableAfter reports whether there is a good record after a bad one at the beginning of text. Then the bad one was
// finished once.
func (r *blockReader) readableAfter(text []byte) bool {
	for at := 1; at+recordHead+recordSum <= len(text); at++ {
		if _, _, bad := r.record(text[at:]); bad == "" {
			return true
		}
	}
	return false
}
