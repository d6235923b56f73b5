// Package remote gets small documents from other servers: key sets, app directories.
//
// It may import the standard library only. It refuses: addresses that are not https, but for those of this machine;
// addresses with a user's name or password; redirects, because an address of the configuration says where to go and
// the server behind it must not; bodies above a bound, counted after decompression; and servers that take too long.
//
// Errors never hold what the other server sent, nor the query of the address.
package remote
