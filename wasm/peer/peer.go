package peer

import "github.com/crossframe/crossframe/protocol"

// ID numbers a connected peer. 0 is nobody. A number is used once in the life of a hub.
type ID = uint32

// Peer is one connected party. The hub makes and changes it; rooms read it.
type Peer struct {
	ID ID
	// Info is what other peers may learn.
	Info protocol.PeerInfo
	// ConnectionID tags the frames of its connection.
	ConnectionID string
	Grants       Grants
	Limits       protocol.Limits
	// Sharing says in which scopes the names are that the peer does not give a scope for.
	Sharing Sharing
	// Remote: it is a likeness of a peer that is connected elsewhere, and a bridge speaks for it. What is remote reaches
	// nothing that is local in scope, and nothing that is remote itself: who joins two sides joins no third.
	Remote bool
	// Ready: its document has proven itself, or needs no proof.
	Ready bool
}

// Instance returns the instance id.
func (p *Peer) Instance() string { return p.Info.Instance }

// App returns the name of the definition it runs under.
func (p *Peer) App() string { return p.Info.App }

// Scope returns the scope of a name for which the call names none.
func (p *Peer) Scope(kind Kind, name string) string { return p.Sharing.scope(kind, name) }
