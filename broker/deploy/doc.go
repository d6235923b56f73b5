// Package deploy has no code: it holds what puts the broker on servers, and the tests that hold those files against the broker.
//
//	crossframe.service   systemd, one broker with its own store
//	Dockerfile           an image with nothing but the binary
//	compose.yaml         three NATS nodes, two brokers and a proxy; with nats.conf, crossframe.yaml and nginx.conf
//	example.env          the passwords that compose.yaml asks for
//
// The test of the topology starts the same processes with the same files on the loopback, without containers. docs/operations.md
// says how to use them.
package deploy
