package store

import (
	"log/slog"
	"time"
)

// Options are the settings of a Store. The zero value is an embedded engine in memory.
type Options struct {
	// Dir is the directory of the embedded engine. It is made if it does not exist, with mode 0700. If empty, everything is
	// in memory and gone when the store is closed: for tests, and for trying out.
	Dir string

	// URLs are the addresses of a NATS cluster, such as "tls://nats1.example.com:4222". If there are any, nothing is
	// embedded, and Dir must be empty.
	URLs []string
	// CredentialsFile holds a NATS user's JWT and seed; User and Password are the other way to log in.
	CredentialsFile string
	User, Password  string
	TLS             TLS
	// Replicas is on how many nodes of the cluster everything is kept; if zero, 3 in a cluster and 1 embedded.
	Replicas int
	// Name says in the cluster's lists of connections who this is; if empty, "crossframe".
	Name string

	// MaxValueBytes bounds a value; if zero, 4 MiB. A cluster may take less; see its max_payload.
	MaxValueBytes int
	// MaxMemoryBytes bounds what the volatile buckets of the embedded engine hold; if zero, 256 MiB.
	MaxMemoryBytes int64
	// ReserveBytes is the free space at which the embedded engine takes no more: a disk that is really full would keep
	// it from tidying up. If zero, 32 MiB, and at most a twentieth of the file system.
	ReserveBytes int64
	// AuditMaxAge is how long the log keeps its records; if zero, 90 days.
	AuditMaxAge time.Duration
	// CheckEvery is how often a follower asks whether it missed anything that nothing else would tell it of; if zero, 30 s.
	CheckEvery time.Duration

	// DangerouslyOpenDamaged opens a store although its records are damaged or missing. The danger: what is damaged is left
	// out as if it had never been, acknowledged or not. The store gets a new epoch, and clients are told.
	DangerouslyOpenDamaged bool

	// Log gets what operators should know; if nil, slog.Default().
	Log *slog.Logger

	// lazy leaves syncing to the engine's timer, so that a test can show what that loses.
	lazy bool
}

// TLS is about connections to a cluster. If everything is empty, the URLs decide, and the system's authorities.
type TLS struct {
	// CAFile holds the certificates of the authorities that sign the cluster's; PEM.
	CAFile string
	// CertFile and KeyFile identify this broker to the cluster; PEM.
	CertFile, KeyFile string
}

// orDefault returns the options with every zero field set.
func (o Options) orDefault() Options {
	number := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	long := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	duration := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	if len(o.URLs) == 0 {
		o.Replicas = 1
	}
	number(&o.Replicas, 3)
	number(&o.MaxValueBytes, 4<<20)
	long(&o.MaxMemoryBytes, 256<<20)
	duration(&o.AuditMaxAge, 90*24*time.Hour)
	duration(&o.CheckEvery, 30*time.Second)
	if o.Name == "" {
		o.Name = "crossframe"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
