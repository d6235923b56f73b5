package main

import (
	"go/ast"
	"go/constant"
	"go/types"
)

// model is what the outputs are written from.
type model struct {
	structs []payload
	consts  []constGroup
	ops     []op
	codes   []code
	// defaults are the fields that DefaultLimits returns.
	defaults []defaultLimit
	versions []int64
	reserved []string
}

// payload is a struct that travels the wire.
type payload struct {
	name   string
	doc    string
	fields []field
	// open: every member may be left out, so that the struct's zero value is {}.
	open bool
}

// field is a member of a payload.
type field struct {
	name string // in Go
	json string
	doc  string
	omit bool
	kind kind
	// ref is the payload struct of kindStruct, kindPointer and kindStructs, and the Go type of kindString where it is
	// not string itself.
	ref string
}

// kind is a type that travels.
type kind int

const (
	kindString kind = iota + 1
	kindInt
	kindBool
	kindRaw
	kindStrings
	kindPaths
	kindInts
	kindStruct
	kindPointer
	kindStructs
)

// constGroup is a const declaration.
type constGroup struct {
	doc    string
	typ    string // "Op", "Code", … or "" where the constants have no named type
	consts []namedConst
}

type namedConst struct {
	name  string
	doc   string
	value constant.Value
}

// op is a row of the message table.
type op struct {
	goName                                    string
	name, room, head, answer, fields, summary string
	number, from                              int64
	fromApp, fromHub, fromPage, toPage        bool
	toBroker, fromBroker                      bool
	beforeReady, reply                        bool
}

// code is a row of the code table.
type code struct {
	name, meaning string
	rang          int64
	retryable     bool
}

type defaultLimit struct {
	json  string
	doc   string
	value int64
}

// source is the parsed and type-checked package.
type source struct {
	files []*ast.File
	info  *types.Info
}

func (s *source) value(e ast.Expr) constant.Value { return s.info.Types[e].Value }

func (s *source) int(e ast.Expr) int64 {
	n, _ := constant.Int64Val(constant.ToInt(s.value(e)))
	return n
}

func (s *source) text(e ast.Expr) string { return constant.StringVal(s.value(e)) }

func (s *source) bool(e ast.Expr) bool { return constant.BoolVal(s.value(e)) }
