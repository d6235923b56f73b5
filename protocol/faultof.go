package protocol

import "github.com/crossframe/crossframe/protocol/jsontext"

// textCodes are the codes of JSON texts that cannot be read.
var textCodes = [...]Code{
	jsontext.Malformed: BadMessage,
	jsontext.TooDeep:   TooDeep,
	jsontext.Duplicate: BadMessage,
	jsontext.Unicode:   BadMessage,
	jsontext.WrongKind: BadMessage,
	jsontext.TooLarge:  TooLarge,
}

// FaultOf returns the coded error for what a head or a body was refused for; nil for nil.
func FaultOf(err error) *Fault {
	switch err := err.(type) {
	case nil:
		return nil
	case *Fault:
		return err
	case *jsontext.Error:
		return NewFault(textCodes[err.Reason], err.Error())
	}
	return NewFault(BadMessage, err.Error())
}
