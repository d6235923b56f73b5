// Package directory reads app definitions from files: its own form as YAML or JSON, and FDC3 app directory records
// (version 2). Every definition that it returns has passed protocol/definition; what has not is an error with file,
// line and column.
//
// It may import broker/source, broker/idn, protocol and what is below, and gobwas/glob for the paths of files. It
// knows no HTTP.
package directory
