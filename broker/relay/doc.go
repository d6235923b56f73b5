// Package relay is what hubs and programs connect to: it admits them, runs the room of methods for their peers, hands what
// they share to broker/contexts, and joins the brokers of one store (decision 0011).
//
//	session   one WebSocket: hello, identity, renewal, the end
//	methods   the room wasm/interop, and who reaches whom
//	node      another broker: the same room there, joined by wasm/bridge over the bus
//	roster    who is connected, at which broker
//	trail     what of all that is told to the audit
//
// Turns of the room run one after the other, under one mutex: a turn takes microseconds, and what it sends is queued, never
// written, so that a connection that does not read holds up nobody (decision 0013).
//
// It may import protocol, broker/audit, broker/histogram, broker/tracing, broker/contexts, broker/identity, broker/store, broker/ws, wasm/peer, wasm/interop and
// wasm/bridge. It refuses whatever comes before the hello; tokens that the authenticator does not accept; hub ids that are
// in use and whose secret the newcomer does not know; peers that were not introduced, and more of them than Options.Peers.
// Tenant, user, groups and roles come from the authenticator, also for what another broker says.
package relay
