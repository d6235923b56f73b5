// Package certs keeps the certificate that a listener shows, and takes a new one over when its files change: connections that
// are open go on, and new ones get the new certificate.
//
// It refuses a pair that does not fit together, that cannot be read, or that is not valid now while the one in use is: the one in
// use stays, and log, metrics and health say so. It may import the standard library only.
package certs
