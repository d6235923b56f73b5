package contexts

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
)

// conflict tells the writer the revision that it should have based its write on.
func conflict(c *shared) *protocol.Fault {
	fault := protocol.NewFault(protocol.RevisionConflict, "the revision is "+strconv.FormatUint(c.revision, 10))
	if !c.exists() {
		fault.Message = "there is no such context"
	}
	fault.Revision = int64(c.revision)
	return fault
}

func invalid(message string) *protocol.Fault {
	return protocol.NewFault(protocol.InvalidArgument, message)
}

func tooLarge(limit int64) *protocol.Fault {
	return protocol.NewFault(protocol.TooLarge,
		"the value would be longer than "+strconv.FormatInt(limit, 10)+" bytes")
}

func tooManyMembers() *protocol.Fault {
	return protocol.NewFault(protocol.TooLarge,
		"the value would have more than "+strconv.Itoa(protocol.MaxMembers)+" members")
}

func quota(message string) *protocol.Fault {
	return protocol.NewFault(protocol.QuotaExceeded, message)
}
