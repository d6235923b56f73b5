package contexts

import (
	"strconv"

	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// notRead is the fault of a request for which the store did not say what there is.
func notRead(err error) *protocol.Fault {
	code := store.CodeOf(err)
	if code == protocol.Internal {
		code = protocol.StorageDown
	}
	return protocol.NewFault(code, "the broker's store does not say what there is")
}

// notKept is the fault of a write that the store did not take.
func notKept(kind int, err error) *protocol.Fault {
	code := store.CodeOf(err)
	switch {
	case code == protocol.DiskFull:
		return protocol.NewFault(code, "the broker's store has no room left")
	case code == protocol.TooLarge:
		return protocol.NewFault(code, "the value is larger than the broker's store takes")
	case code == protocol.StorageCorrupt:
		return protocol.NewFault(code, "the broker's store is damaged")
	case kind == durable:
		// It may have been stored all the same; a sequence makes it safe to ask again.
		return protocol.NewFault(protocol.NotDurable, "the broker's store did not confirm the write")
	}
	return protocol.NewFault(protocol.StorageDown, "the broker's store did not confirm the write")
}

func invalid(message string) *protocol.Fault {
	return protocol.NewFault(protocol.InvalidArgument, message)
}

func (r *Room) tooLarge() *protocol.Fault {
	return protocol.NewFault(protocol.TooLarge, "the value would be longer than "+strconv.Itoa(r.options.ValueBytes)+" bytes")
}

func tooManyMembers() *protocol.Fault {
	return protocol.NewFault(protocol.TooLarge, "the value would have more than "+strconv.Itoa(protocol.MaxMembers)+" members")
}

func stopping() *protocol.Fault {
	return protocol.NewFault(protocol.StorageDown, "the broker stops")
}

// conflict tells the writer the revision that it should have based its write on.
func (s *state) conflict() *protocol.Fault {
	fault := protocol.NewFault(protocol.RevisionConflict, "the revision is "+strconv.FormatUint(s.revision, 10))
	if !s.exists() {
		fault.Message = "there is no such context"
		return fault
	}
	fault.Revision = int64(s.revision)
	return fault
}
