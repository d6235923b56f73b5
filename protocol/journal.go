package protocol

// ConnectionRecord is what the hub journals of a live connection, so that a new run of the Go program knows the
// port again.
type ConnectionRecord struct {
	Port         int64  `json:"port"`
	ConnectionID string `json:"connectionId"`
	// Dialect and Version reopen the session.
	Dialect string `json:"dialect"`
	Version int64  `json:"version"`
	// Frame is 0 for the main page itself.
	Frame  int64    `json:"frame,omitempty"`
	Window int64    `json:"window,omitempty"`
	Peer   PeerInfo `json:"peer"`
	Ready  bool     `json:"ready,omitempty"`
}

// InstanceRecord is what the room apps journals of an instance; the start context is the record's body.
type InstanceRecord struct {
	Info InstanceInfo `json:"info"`
	// Frame is the page's number of its frame.
	Frame int64 `json:"frame"`
	// Loads counts the load events of the frame.
	Loads int64 `json:"loads,omitempty"`
}

// ReplicaRecord is what the room contexts journals of a context that a broker orders, as the hub knows it; the value is the
// record's body.
type ReplicaRecord struct {
	Info ContextInfo `json:"info"`
	// Epoch is that of the broker's store.
	Epoch string `json:"epoch,omitempty"`
	// Lost: followers have not been told yet that the store is another one.
	Lost bool `json:"lost,omitempty"`
}

// PendingRecord is what the room contexts journals of a write that the broker does not have yet; the body is the write's.
type PendingRecord struct {
	Op   int64  `json:"op"`
	Name string `json:"name"`
	// Head is what goes to the broker.
	Head Raw `json:"head,omitempty"`
}
