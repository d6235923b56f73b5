// Package config is the broker's configuration: what can be set, where it is taken from, and what is wrong with it.
//
// A setting is taken from the first of these that has it: the flag, the environment, the file, the default. A list
// replaces a list. What is wrong is an error with file, line, column and a fix, or with the name of the flag.
//
// The package may import broker/source, broker/directory, broker/licensing, and protocol and what is below. It knows no
// HTTP.
package config
