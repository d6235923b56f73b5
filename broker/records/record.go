package records

import (
	"strconv"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// NotFound is the code where there is no such record.
const NotFound protocol.Code = "NOT_FOUND"

// Bounds of records.
const (
	// MaxValueBytes bounds a value.
	MaxValueBytes = 256 << 10
	// MaxPerOwner bounds the records of one kind that one owner has.
	MaxPerOwner = 1000
)

// trait is what a kind of record allows.
type trait struct {
	// own: users write their own records; those that are shared, admins do. Otherwise admins write all of them.
	own bool
}

// kinds is the table of all kinds.
var kinds = map[string]trait{
	"layouts":      {own: true},
	"preferences":  {own: true},
	"roles":        {},
	"entitlements": {},
}

// Owner is whose a record is. The zero Owner is nobody's.
type Owner struct {
	// Kind is "user", "role" or "everyone", within the tenant; Name is the user's id or the role, and empty for everyone.
	Kind, Name string
}

// The kinds of owner.
const (
	ownerUser     = "user"
	ownerRole     = "role"
	ownerEveryone = "everyone"
)

// Everyone owns what the whole tenant shares.
var Everyone = Owner{Kind: ownerEveryone}

// ParseOwner reads an owner's text: "me", "user:" and an id, "role:" and a role, or "everyone".
func ParseOwner(text string, who *identity.Identity) (Owner, error) {
	switch text {
	case "me":
		return Owner{ownerUser, who.User.ID}, nil
	case ownerEveryone:
		return Everyone, nil
	}
	kind, name, ok := strings.Cut(text, ":")
	if !ok || kind != ownerUser && kind != ownerRole || name == "" || len(name) > 4*protocol.MaxNameRunes {
		return Owner{}, protocol.NewFault(protocol.InvalidArgument, `An owner is "me", "user:" and an id, "role:" and a role, or "everyone".`)
	}
	return Owner{kind, name}, nil
}

// String is the text that ParseOwner reads.
func (o Owner) String() string {
	if o.Kind == ownerEveryone {
		return o.Kind
	}
	return o.Kind + ":" + o.Name
}

// Ref names one record of a tenant.
type Ref struct {
	Kind  string
	Owner Owner
	Name  string
}

// Record is one record.
type Record struct {
	Ref
	// Value is one JSON text.
	Value []byte
	// Revision identifies the value: another one has another.
	Revision string
	// By is the id of the user who wrote the value, and At when.
	By string
	At time.Time
}

// AppendJSON appends the record as a JSON object.
func (r *Record) AppendJSON(dst []byte) []byte {
	member := func(name, value string) {
		dst = append(dst, ',')
		dst = append(jsontext.AppendString(dst, name), ':')
		dst = jsontext.AppendString(dst, value)
	}
	dst = jsontext.AppendString(append(dst, `{"kind":`...), r.Kind)
	member("owner", r.Owner.String())
	member("name", r.Name)
	member("revision", r.Revision)
	member("by", r.By)
	member("at", r.At.UTC().Format(time.RFC3339Nano))
	dst = append(dst, `,"value":`...)
	return append(append(dst, r.Value...), '}')
}

// checkKind refuses kinds that there are not.
func checkKind(kind string) error {
	if _, ok := kinds[kind]; !ok {
		return protocol.NewFault(NotFound, "The kinds of record are layouts, preferences, roles and entitlements.")
	}
	return nil
}

func (r *Ref) check() error {
	if err := checkKind(r.Kind); err != nil {
		return err
	}
	if !protocol.ValidName(r.Name) || strings.ContainsAny(r.Name, `/\`) {
		return protocol.NewFault(protocol.InvalidName, "A name has 1 to 256 printable characters below U+0300, no slashes, and no space at either end.")
	}
	return nil
}

// key is where the record is in the store.
func (r *Ref) key(tenant string) store.Key {
	return store.KeyOf(tenant, r.Kind, r.Owner.Kind, r.Owner.Name, r.Name)
}

// refOf reads a key; ok is false where it is none of a record.
func refOf(key store.Key) (tenant string, r Ref, ok bool) {
	e := key.Elements()
	if len(e) != 5 {
		return "", Ref{}, false
	}
	return e[0], Ref{e[1], Owner{e[2], e[3]}, e[4]}, true
}

// stored is a value as the store has it: who wrote it and when, each on a line of its own, and the value. A user's id has
// no line break.
func (r *Record) stored() []byte {
	head := r.By + "\n" + r.At.UTC().Format(time.RFC3339Nano) + "\n"
	return append([]byte(head), r.Value...)
}

// read reads what stored wrote.
func (r *Record) read(text []byte) {
	by, rest, _ := strings.Cut(string(text), "\n")
	at, value, _ := strings.Cut(rest, "\n")
	r.By, r.Value = by, []byte(value)
	// What is no time is the zero time, and hurts nobody.
	r.At, _ = time.Parse(time.RFC3339Nano, at)
}

// revisionOf writes a sequence together with the epoch outside of which it means nothing.
func revisionOf(epoch string, sequence uint64) string {
	return epoch + "-" + strconv.FormatUint(sequence, 36)
}

// sequenceOf reads a revision. One of another epoch, or of none, is that of no value: 0.
func sequenceOf(epoch, revision string) uint64 {
	text, ok := strings.CutPrefix(revision, epoch+"-")
	if !ok {
		return 0
	}
	sequence, err := strconv.ParseUint(text, 36, 64)
	if err != nil {
		return 0
	}
	return sequence
}
