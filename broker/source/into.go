package source

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/protocol"
)

// Reader is a type that reads itself from a value, because it has more than one form.
type Reader interface {
	ReadSource(v Value) error
}

// Into reads the value into target, a pointer to a struct whose json tags name its fields, or to anything such
// a struct holds. Nothing and fields that are not there leave the target as it is.
func (v Value) Into(target any) error { return v.into(reflect.ValueOf(target).Elem()) }

func (v Value) into(to reflect.Value) error {
	if v.Kind() == Null {
		return nil
	}
	if r, ok := to.Addr().Interface().(Reader); ok {
		return r.ReadSource(v)
	}
	if to.Type() == reflect.TypeFor[protocol.Raw]() {
		to.SetBytes(v.JSON())
		return nil
	}
	switch to.Kind() {
	case reflect.Struct:
		return intoStruct(v, to)
	case reflect.Slice:
		return intoSlice(v, to)
	case reflect.Pointer:
		return intoPointer(v, to)
	case reflect.String:
		return intoString(v, to)
	case reflect.Bool:
		return intoBool(v, to)
	case reflect.Int64:
		return intoInt(v, to)
	}
	panic("source: no reader for the type " + to.Type().String())
}

// Want returns an error unless the value is of the kind.
func (v Value) Want(kind Kind) error {
	if v.Kind() == kind {
		return nil
	}
	return v.Fault("must be "+kind.String()+", not "+v.Kind().String(), "")
}

func intoStruct(v Value, to reflect.Value) error {
	if err := v.Want(Mapping); err != nil {
		return err
	}
	fields := fieldsOf(to.Type())
	for i, member := range v.Members() {
		index, ok := fields[member.Name]
		if !ok {
			// The mistake is in the name, so its place is told, not that of the value.
			return Value{v.file, member.Value.path, v.node.keys[i]}.Fault("there is no such field", unknownFix(member.Name, fields))
		}
		if err := member.Value.into(to.Field(index)); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOf maps the names that a struct's json tags give to the indices of its fields.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = i
		}
	}
	return fields
}

func intoSlice(v Value, to reflect.Value) error {
	if err := v.Want(List); err != nil {
		return err
	}
	items := v.Items()
	list := reflect.MakeSlice(to.Type(), len(items), len(items))
	for i, item := range items {
		if item.Kind() == Null {
			return item.Fault("is empty", "remove it, or give it a value")
		}
		if err := item.into(list.Index(i)); err != nil {
			return err
		}
	}
	to.Set(list)
	return nil
}

func intoPointer(v Value, to reflect.Value) error {
	made := reflect.New(to.Type().Elem())
	if err := v.into(made.Elem()); err != nil {
		return err
	}
	to.Set(made)
	return nil
}

// intoString takes a number as it is written, so that "version: 1.10" needs no quotes.
func intoString(v Value, to reflect.Value) error {
	if v.Kind() == Bool {
		return v.Fault("must be a text, not true or false", "put it into quotes")
	}
	if v.Kind() != Number {
		if err := v.Want(Text); err != nil {
			return err
		}
	}
	to.SetString(v.Text())
	return nil
}

func intoBool(v Value, to reflect.Value) error {
	if err := v.Want(Bool); err != nil {
		return err
	}
	to.SetBool(strings.EqualFold(v.Text(), "true"))
	return nil
}

func intoInt(v Value, to reflect.Value) error {
	if err := v.Want(Number); err != nil {
		return err
	}
	n, err := strconv.ParseInt(v.Text(), 10, 64)
	if err != nil || n > protocol.MaxID || n < -protocol.MaxID {
		return v.Fault("must be a whole number, not "+v.Text(), "")
	}
	to.SetInt(n)
	return nil
}

// JSON returns the value as one JSON text. Numbers that JSON does not know become texts.
func (v Value) JSON() []byte { return appendJSON(nil, v.node) }

func appendJSON(out []byte, n *node) []byte {
	if n == nil {
		return append(out, "null"...)
	}
	switch n.kind {
	case Null:
		return append(out, "null"...)
	case Bool:
		return append(out, strings.ToLower(n.text)...)
	case Number:
		return appendNumber(out, n.text)
	case Text:
		return appendText(out, n.text)
	}
	open, end := byte('['), byte(']')
	if n.kind == Mapping {
		open, end = '{', '}'
	}
	out = append(out, open)
	for i, item := range n.items {
		if i > 0 {
			out = append(out, ',')
		}
		if n.kind == Mapping {
			out = append(appendText(out, n.keys[i].text), ':')
		}
		out = appendJSON(out, item)
	}
	return append(out, end)
}

func appendNumber(out []byte, text string) []byte {
	if jsonNumber(text) {
		return append(out, text...)
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return strconv.AppendInt(out, n, 10)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		return strconv.AppendFloat(out, f, 'g', -1, 64)
	}
	return appendText(out, text)
}
