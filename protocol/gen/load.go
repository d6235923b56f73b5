package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

// load reads the package in dir. Imports are not followed and the generated file is not read, so type errors are
// expected; what the model needs (constants, struct fields, tables) has none.
func load(dir string) (*model, error) {
	fset := token.NewFileSet()
	src := &source{info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".gen.go") {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		src.files = append(src.files, f)
	}
	conf := types.Config{Error: func(error) {}, Importer: noImports{}}
	pkg, _ := conf.Check("protocol", fset, src.files, src.info)
	l := loader{src: src, fset: fset, pkg: pkg, m: &model{}}
	return l.load()
}

// noImports makes every import fail.
type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("import %q is not followed", path)
}

type loader struct {
	src  *source
	fset *token.FileSet
	pkg  *types.Package
	m    *model
}

func (l *loader) load() (*model, error) {
	for _, f := range l.src.files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.GenDecl); ok {
				if err := l.declaration(d); err != nil {
					return nil, err
				}
			}
			if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "DefaultLimits" {
				l.defaultLimits(d)
			}
		}
	}
	if err := errors.Join(l.checkReferences(), l.checkTables()); err != nil {
		return nil, err
	}
	l.documentDefaults()
	return l.m, nil
}

func (l *loader) declaration(d *ast.GenDecl) error {
	switch d.Tok {
	case token.CONST:
		l.constants(d)
	case token.TYPE:
		for _, s := range d.Specs {
			s := s.(*ast.TypeSpec)
			doc := s.Doc
			if doc == nil {
				doc = d.Doc
			}
			if err := l.structType(s, plain(doc)); err != nil {
				return err
			}
		}
	case token.VAR:
		for _, s := range d.Specs {
			l.table(s.(*ast.ValueSpec))
		}
	}
	return nil
}

func (l *loader) constants(d *ast.GenDecl) {
	group := constGroup{doc: plain(d.Doc)}
	for _, s := range d.Specs {
		s := s.(*ast.ValueSpec)
		doc := plain(s.Doc)
		for _, id := range s.Names {
			c, ok := l.src.info.Defs[id].(*types.Const)
			if !ok || !id.IsExported() {
				continue
			}
			if named, ok := c.Type().(*types.Named); ok {
				group.typ = named.Obj().Name()
			}
			group.consts = append(group.consts, namedConst{name: id.Name, doc: doc, value: c.Val()})
		}
	}
	if len(group.consts) == 1 && group.consts[0].doc == "" {
		group.consts[0].doc = group.doc
	}
	if len(group.consts) > 0 {
		l.m.consts = append(l.m.consts, group)
	}
}

// refuse reports what does not travel, with its place in the source.
func (l *loader) refuse(at token.Pos, format string, args ...any) error {
	p := l.fset.Position(at)
	return fmt.Errorf("%s:%d: %s", filepath.Base(p.Filename), p.Line, fmt.Sprintf(format, args...))
}

// plain returns a comment as lines of text.
func plain(c *ast.CommentGroup) string { return strings.TrimSpace(c.Text()) }
