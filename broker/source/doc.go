// Package source reads the files that people write for the broker: configuration and app definitions, as YAML
// or as JSON. It keeps the place of everything it reads, so that a mistake is told with file, line and column,
// the field's name and what to do about it.
//
// It is strict: a field that the target does not have, a field written twice and a value of another type are
// errors. It refuses what a configuration has no need of and what makes files larger than they look: anchors,
// aliases, merge keys, tags and several documents in one file. Size and depth are bounded.
//
// It imports the YAML parser and package protocol.
package source
