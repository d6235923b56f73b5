// Package contexts is where the order of writes to everything that is shared beyond one hub is decided: named JSON
// objects, each at an address made of a scope and a name (decision 0011).
//
// Each address that is in use has an entry, which one goroutine at a time works for. It takes all writes that wait,
// applies them in their order, each raising the revision by one, and stores the result with one write of the store; then
// it tells subscribers and acknowledges, in that order. Between brokers the store's compare-and-set decides: who loses
// reads what won and applies anew. What is stored is the whole value and the last changes, so that the other brokers'
// subscribers get changes and not values. An entry that nobody uses leaves memory.
//
// It may import protocol, protocol/jsontext, broker/store, broker/histogram and broker/tracing. It knows no WebSocket and no hub.
//
// It refuses tenants and users that a message names (they come with the Client), groups that the user is not of, writes
// "for everyone" of those who lack the role, values above Options.ValueBytes, more contexts than a tenant and more
// subscriptions than a connection may have. What the store cannot keep now is refused with a code; what is held in
// memory can be read all the same.
package contexts
