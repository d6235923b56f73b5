// Package licensing is the broker's part in license keys: the commands that make, check and take them back (keygen, issue, inspect,
// verify, revoke, list, rotate), the Checker by which a broker knows how it stands with its own license, and the Seats that it has.
// The rules are in protocol/license and below it; here are files, flags, clocks and what people read.
//
// It may import protocol, protocol/license and sealed, protocol/origin, broker/idn and github.com/alecthomas/kong's struct tags (no code
// of it). It opens no connection: what other brokers have it asks through Presence. Private keys are read and written in files with
// mode 0600 only, and a license key is printed by issue alone. A Checker refuses to start with a state file that it cannot read, and
// to be talked into an earlier time or an older list than it has seen.
package licensing
