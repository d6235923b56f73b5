package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"
)

// structType adds a struct that has json tags to the model. Structs without any stay inside of Go.
func (l *loader) structType(spec *ast.TypeSpec, doc string) error {
	st, ok := spec.Type.(*ast.StructType)
	if !ok || !spec.Name.IsExported() || !hasTags(st) {
		return nil
	}
	p := payload{name: spec.Name.Name, doc: doc, open: true}
	seen := map[string]bool{}
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 {
			return l.refuse(f.Pos(), "%s embeds %s: members of a payload struct are spelled out", p.name, types.ExprString(f.Type))
		}
		for _, id := range f.Names {
			out, err := l.field(p.name, id, f)
			if err != nil {
				return err
			}
			if seen[out.json] {
				return l.refuse(id.Pos(), "%s.%s: the member %q is there twice", p.name, id.Name, out.json)
			}
			seen[out.json] = true
			p.open = p.open && out.omit
			p.fields = append(p.fields, out)
		}
	}
	l.m.structs = append(l.m.structs, p)
	return nil
}

func hasTags(st *ast.StructType) bool {
	for _, f := range st.Fields.List {
		if f.Tag != nil && strings.Contains(f.Tag.Value, "json:") {
			return true
		}
	}
	return false
}

func (l *loader) field(owner string, id *ast.Ident, f *ast.Field) (field, error) {
	where := owner + "." + id.Name
	out := field{name: id.Name, doc: plain(f.Doc)}
	if !id.IsExported() {
		return out, l.refuse(id.Pos(), "%s is not exported: a payload struct has no private part", where)
	}
	var tag string
	if f.Tag != nil {
		unquoted, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return out, l.refuse(f.Tag.Pos(), "%s: the tag cannot be read", where)
		}
		tag = reflect.StructTag(unquoted).Get("json")
	}
	name, option, _ := strings.Cut(tag, ",")
	if !memberName(name) {
		return out, l.refuse(id.Pos(), "%s needs a json tag that names the member in letters and digits", where)
	}
	if option != "" && option != "omitempty" {
		return out, l.refuse(f.Tag.Pos(), "%s: the codecs know no tag option but omitempty, not %q", where, option)
	}
	out.json, out.omit = name, option == "omitempty"
	return out, l.fieldType(where, f.Type, &out)
}

// memberName keeps names to those that need no escape in JSON and no quotes in TypeScript.
func memberName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for _, c := range s {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// fieldType gives the field its kind, or says why values of this type do not travel.
func (l *loader) fieldType(where string, expr ast.Expr, out *field) error {
	refuse := func(why string) error {
		return l.refuse(expr.Pos(), "%s is %s, which does not travel: %s", where, types.ExprString(expr), why)
	}
	switch t := expr.(type) {
	case *ast.Ident:
		return l.namedType(t, out, refuse)
	case *ast.StarExpr:
		id, ok := t.X.(*ast.Ident)
		if !ok || !l.isStruct(id) {
			return refuse("only payload structs may be pointed to")
		}
		if !out.omit {
			return refuse("a pointer needs omitempty, so that nil has one spelling")
		}
		out.kind, out.ref = kindPointer, id.Name
	case *ast.ArrayType:
		return l.listType(t, out, refuse)
	case *ast.SelectorExpr:
		if types.ExprString(t) == "time.Duration" {
			return refuse("use an int64 whose name ends in Ms")
		}
		return refuse("types of other packages have no codec")
	case *ast.MapType:
		if id, ok := t.Key.(*ast.Ident); !ok || id.Name != "string" {
			return refuse("the names of JSON members are strings")
		}
		return refuse("the codecs have no maps; use a list of structs, whose order is the same everywhere")
	case *ast.InterfaceType:
		return refuse("both ends must know the type; use Raw for JSON of the app's own")
	case *ast.ChanType, *ast.FuncType:
		return refuse("it is not data")
	default:
		return refuse("declare a payload struct of its own")
	}
	return nil
}

func (l *loader) namedType(id *ast.Ident, out *field, refuse func(string) error) error {
	switch id.Name {
	case "string":
		out.kind = kindString
	case "bool":
		out.kind = kindBool
	case "int64":
		out.kind = kindInt
	case "Raw":
		if !out.omit {
			return refuse("Raw needs omitempty, because empty is not JSON")
		}
		out.kind = kindRaw
	case "any":
		return refuse("both ends must know the type; use Raw for JSON of the app's own")
	case "float32", "float64":
		return refuse("no payload needs fractions yet; use an int64 of a smaller unit")
	case "int", "int8", "int16", "int32", "uint", "uint8", "uint16", "uint32", "uint64", "byte", "rune", "uintptr":
		return refuse("use int64, of which 53 bits travel")
	default:
		switch {
		case l.isStruct(id):
			out.kind, out.ref = kindStruct, id.Name
		case l.isText(id):
			out.kind, out.ref = kindString, id.Name
		default:
			return refuse("it is neither a payload struct nor a string")
		}
	}
	return nil
}

func (l *loader) listType(t *ast.ArrayType, out *field, refuse func(string) error) error {
	if t.Len != nil {
		return refuse("JSON arrays have no fixed length; use a slice")
	}
	switch elem := types.ExprString(t.Elt); {
	case elem == "string":
		out.kind = kindStrings
	case elem == "[]string":
		out.kind = kindPaths
	case elem == "int64":
		out.kind = kindInts
	case elem == "byte" || elem == "uint8":
		return refuse("use Raw for JSON, or a string for base64url")
	default:
		id, ok := t.Elt.(*ast.Ident)
		if !ok || !l.isStruct(id) {
			return refuse("lists hold strings, integers, lists of strings or payload structs")
		}
		out.kind, out.ref = kindStructs, id.Name
	}
	return nil
}

func (l *loader) underlying(id *ast.Ident) types.Type {
	if obj := l.pkg.Scope().Lookup(id.Name); obj != nil {
		return obj.Type().Underlying()
	}
	return types.Typ[types.Invalid]
}

func (l *loader) isStruct(id *ast.Ident) bool {
	_, ok := l.underlying(id).(*types.Struct)
	return ok
}

func (l *loader) isText(id *ast.Ident) bool {
	b, ok := l.underlying(id).(*types.Basic)
	return ok && b.Kind() == types.String
}

// checkReferences refuses structs that are used in payloads and cannot travel themselves.
func (l *loader) checkReferences() error {
	known := map[string]payload{}
	for _, p := range l.m.structs {
		known[p.name] = p
	}
	for _, p := range l.m.structs {
		for _, f := range p.fields {
			if f.kind != kindStruct && f.kind != kindPointer && f.kind != kindStructs {
				continue
			}
			at := l.fieldPos(p.name, f.name)
			ref, ok := known[f.ref]
			if !ok {
				return l.refuse(at, "%s.%s is %s, which has no json tags and so is no payload struct", p.name, f.name, f.ref)
			}
			if f.kind == kindStruct && f.omit && !ref.open {
				return l.refuse(at, "%s.%s: omitempty, but %s has members that are always written; use a pointer", p.name, f.name, f.ref)
			}
		}
	}
	return nil
}

func (l *loader) fieldPos(owner, name string) token.Pos {
	st := l.pkg.Scope().Lookup(owner).Type().Underlying().(*types.Struct)
	for i := range st.NumFields() {
		if st.Field(i).Name() == name {
			return st.Field(i).Pos()
		}
	}
	return token.NoPos
}
