// Package directory knows where app definitions come from: files in the platform's own form as YAML or JSON, FDC3 app
// directory records (version 2), a checkout of a repository, and other app directories. A Catalog merges them, and a Record
// is a definition as other platforms read it. Every definition that it returns has passed protocol/definition; what has not
// is an error with file, line and column, or is refused with its reason while the others are used.
//
// It may import broker/source, broker/idn, broker/remote, protocol and what is below, and gobwas/glob for the paths of
// files. It speaks to other directories by broker/remote alone, and runs no program: git's files are read, not git asked.
package directory
