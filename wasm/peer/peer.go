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
	// Ready: its document has proven itself, or needs no proof.
	Ready bool
}

// Instance returns the instance id.
func (p *Peer) Instance() string { return p.Info.Instance }

// App returns the name of the definition it runs under.
func (p *Peer) App() string { return p.Info.App }
