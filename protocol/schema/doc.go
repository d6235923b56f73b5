// Package schema compiles what a method says of its arguments and its result, and checks values against it.
//
// Two notations compile to the same thing. A signature is one JSON string that names members of an object:
//
//	"String customerId, Number? limit, String[] tags, Composite{String id, Bool active} customer"
//
// Types are String, Number, Integer, Bool, DateTime (a string; its form is the apps' business), Object, Array,
// Any and Composite{...}; "[]" makes an array of a type, and "?" behind it says that the member may be absent or
// null. Members that a signature does not name are allowed. The empty signature is any object.
//
// A JSON Schema object is read by the rules of draft 2020-12, as far as these keywords go: type, properties,
// required, additionalProperties, items, prefixItems, enum, const, minimum, maximum, exclusiveMinimum,
// exclusiveMaximum, minLength, maxLength, minItems, maxItems, uniqueItems, anyOf, oneOf, allOf and not. The
// annotations title, description, default, examples, format, deprecated, readOnly, writeOnly, $schema, $id and
// $comment are skipped. Every other keyword is refused: an author who writes "pattern" shall not believe that
// somebody checks it.
//
// Numbers are compared as the doubles that JavaScript reads, so a value cannot pass here as 4.99...9 and
// arrive as 5. A number outside of their range matches nothing that asks for a number.
//
// It is floor 1, imports protocol/jsontext and small parts of the standard library, and runs in the hub: no fmt,
// no regexp, no encoding/json. What it compiles is bounded in size, nesting and count, and so is the work of one
// Validate, whatever schema and value are.
package schema
