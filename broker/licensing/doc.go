// Package licensing is the part of the command line that makes and checks license keys: keygen, issue, inspect and
// verify. The rules are in protocol/license and below it; here are files, flags and what people read.
//
// It may import protocol, protocol/license and sealed, protocol/origin, broker/idn and github.com/alecthomas/kong's struct tags (no code
// of it). It opens no connection. Private keys are read and written in files with mode 0600 only, and a license
// key is printed by issue alone.
package licensing
