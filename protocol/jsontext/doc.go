// Package jsontext reads, writes and edits JSON texts without decoding them into Go values.
//
// It exists because the hub runs as WebAssembly: encoding/json and the reflection behind it are a quarter of the
// size that the hub may have, and the hub forwards most JSON unread. It is floor 0 and imports the standard
// library only; no fmt, no reflect.
//
// Every function that reads is bounded without being asked: MaxDepth for nesting, MaxNumberBytes for a number,
// and time that grows with the length of the text, whatever the text is. It refuses what receivers
// disagree on: duplicate member names (compared after unescaping), invalid UTF-8, and lone surrogates, raw or
// escaped. Apart from that a text is valid exactly where RFC 8259 says so. Member names have no meaning here;
// "__proto__" is a name like any other.
package jsontext
