package contexts

import (
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// faultOf returns the coded error for what a head or a body was refused for; nil for nil.
func faultOf(err error) *protocol.Fault {
	switch err := err.(type) {
	case nil:
		return nil
	case *protocol.Fault:
		return err
	case *jsontext.Error:
		return protocol.NewFault(codes[err.Reason], err.Error())
	}
	return protocol.NewFault(protocol.BadMessage, err.Error())
}

var codes = [...]protocol.Code{
	jsontext.Malformed: protocol.BadMessage,
	jsontext.TooDeep:   protocol.TooDeep,
	jsontext.Duplicate: protocol.BadMessage,
	jsontext.Unicode:   protocol.BadMessage,
	jsontext.WrongKind: protocol.BadMessage,
	jsontext.TooLarge:  protocol.TooLarge,
}

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
		"the value would have more than "+strconv.Itoa(MaxMembers)+" members")
}

func quota(message string) *protocol.Fault {
	return protocol.NewFault(protocol.QuotaExceeded, message)
}
