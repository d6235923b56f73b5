// Package identity says who somebody is. Tenant, user, groups and roles come from here and from nothing else: not
// from what a message says of its sender, not from an address, not from a header of a proxy.
//
// A credential is one text. There are two kinds: the signed JWT of an embedding application, and on a developer's own
// machine the name of a user of the configuration.
//
// It may import protocol, broker/remote and go-jose, which only this package may. It knows no HTTP of its own: whoever
// takes a credential from a request or a message hands it in as a text.
//
// It refuses: tokens that are signed by a shared secret or not at all, whatever the key set says; keys that a token
// brings along; tokens without an end; names that are longer or more than there may be. Every refusal has one of the
// codes UNAUTHENTICATED and SESSION_EXPIRED and the same text: which check failed is in Error.Reason, for the log of the
// broker alone. Neither of the two ever holds anything of the credential.
package identity
