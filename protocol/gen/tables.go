package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// Directions, as op.go numbers them.
const (
	fromApp = 1 << iota
	fromHub
	fromPage
	toPage
	toBroker
	fromBroker
)

// table reads the package's tables, each a variable with a composite literal.
func (l *loader) table(spec *ast.ValueSpec) {
	if len(spec.Values) != 1 {
		return
	}
	lit, ok := spec.Values[0].(*ast.CompositeLit)
	if !ok {
		return
	}
	for _, e := range lit.Elts {
		switch spec.Names[0].Name {
		case "opTable":
			l.m.ops = append(l.m.ops, l.op(e.(*ast.CompositeLit)))
		case "codeTable":
			l.m.codes = append(l.m.codes, l.code(e.(*ast.CompositeLit)))
		case "versions":
			l.m.versions = append(l.m.versions, l.src.int(e))
		case "reservedPrefixes":
			l.m.reserved = append(l.m.reserved, l.src.text(e))
		}
	}
}

func (l *loader) op(row *ast.CompositeLit) op {
	var o op
	for _, e := range row.Elts {
		kv := e.(*ast.KeyValueExpr)
		switch kv.Key.(*ast.Ident).Name {
		case "Op":
			o.goName, o.number = types.ExprString(kv.Value), l.src.int(kv.Value)
		case "Name":
			o.name = l.src.text(kv.Value)
		case "Room":
			o.room = l.src.text(kv.Value)
		case "From":
			d := l.src.int(kv.Value)
			o.from = d
			o.fromApp, o.fromHub, o.fromPage, o.toPage = d&fromApp != 0, d&fromHub != 0, d&fromPage != 0, d&toPage != 0
			o.toBroker, o.fromBroker = d&toBroker != 0, d&fromBroker != 0
		case "BeforeReady":
			o.beforeReady = l.src.bool(kv.Value)
		case "Reply":
			o.reply = l.src.bool(kv.Value)
		case "Answer":
			o.answer = types.ExprString(kv.Value)
		case "Head":
			o.head = l.src.text(kv.Value)
		case "Fields":
			o.fields = l.src.text(kv.Value)
		case "Summary":
			o.summary = l.src.text(kv.Value)
		}
	}
	return o
}

func (l *loader) code(row *ast.CompositeLit) code {
	return code{
		name:      l.src.text(row.Elts[0]),
		rang:      l.src.int(row.Elts[1]),
		retryable: l.src.bool(row.Elts[2]),
		meaning:   l.src.text(row.Elts[3]),
	}
}

// defaultLimits reads the literal that DefaultLimits returns.
func (l *loader) defaultLimits(f *ast.FuncDecl) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			l.m.defaults = append(l.m.defaults, defaultLimit{json: kv.Key.(*ast.Ident).Name, value: l.src.int(kv.Value)})
		}
		return true
	})
}

// documentDefaults gives the defaults the names and words of the fields of Limits.
func (l *loader) documentDefaults() {
	for _, p := range l.m.structs {
		if p.name != "Limits" {
			continue
		}
		for i := range l.m.defaults {
			for _, f := range p.fields {
				if f.name == l.m.defaults[i].json {
					l.m.defaults[i].json, l.m.defaults[i].doc = f.json, f.doc
					break
				}
			}
		}
	}
}

// checkTables refuses heads that are no payload struct, and operations and codes without a row.
func (l *loader) checkTables() error {
	heads := map[string]bool{"": true, "*": true}
	for _, p := range l.m.structs {
		heads[p.name] = true
	}
	rows := map[string]bool{}
	for _, o := range l.m.ops {
		rows[o.goName] = true
		if !heads[o.head] {
			return l.refuse(l.constant(o.goName), "%s has the head %s, which is no payload struct", o.goName, o.head)
		}
	}
	for _, c := range l.m.codes {
		rows[c.name] = true
	}
	for _, g := range l.m.consts {
		for _, c := range g.consts {
			switch {
			case g.typ == "Op" && !rows[c.name]:
				return l.refuse(l.constant(c.name), "%s has no row in opTable", c.name)
			case g.typ == "Code" && !rows[constant.StringVal(c.value)]:
				return l.refuse(l.constant(c.name), "%s has no row in codeTable", c.name)
			}
		}
	}
	return nil
}

// constant returns where a constant is declared.
func (l *loader) constant(name string) token.Pos {
	if obj := l.pkg.Scope().Lookup(name); obj != nil {
		return obj.Pos()
	}
	return token.NoPos
}
