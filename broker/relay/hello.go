package relay

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/contexts"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// hello takes the first message, and reports whether the connection goes on. Nothing of what comes before is looked at.
func (s *session) hello(m *protocol.Envelope) bool {
	if m.Op != protocol.OpHello {
		s.refuse(protocol.NewFault(protocol.Unauthenticated, "the first message is session.hello"))
		return false
	}
	// It is in time. What it takes from here on has bounds of its own.
	s.mu.Lock()
	s.timer.Stop()
	s.mu.Unlock()
	f := s.admit(m)
	if f != nil {
		s.refuse(f)
	}
	return f == nil
}

// admit finds out who connects, and answers where that succeeds.
func (s *session) admit(m *protocol.Envelope) *protocol.Fault {
	var h protocol.Hello
	if len(m.Head) > protocol.MaxHeadBytes || h.DecodeJSON(m.Head) != nil {
		return protocol.NewFault(protocol.BadHandshake, "session.hello: the head cannot be read")
	}
	version, f := checkHello(&h)
	if f != nil {
		return f
	}
	who, f := s.authenticate(h.Token)
	if f != nil {
		return f
	}
	s.id, s.who, s.key = newConnectionID(), who, hubKey{who.Tenant, h.Hub}
	s.record = hubRecord{
		Node: s.relay.node, Connection: s.id, Secret: hashed(h.Secret), Kind: h.Kind, App: h.App, User: who.User.ID,
		SinceMs: time.Now().UnixMilli(),
	}
	if f = s.seat(); f != nil {
		return f
	}
	if s.conn.Ended() {
		// It must not take the place of one that stands.
		return nil
	}
	if f = s.relay.roster.claim(s); f != nil {
		return f
	}
	return s.begin(m.ID, version)
}

// checkHello looks at everything but the token.
func checkHello(h *protocol.Hello) (version int64, f *protocol.Fault) {
	version, ok := protocol.Negotiate(h.Versions)
	switch {
	case !ok:
		f = protocol.NewFault(protocol.ProtocolUnsupported, "there is no version of the protocol that both sides speak")
		f.Supported = protocol.Versions()
		return 0, f
	case h.Kind != protocol.KindHub && h.Kind != protocol.KindProgram:
		return 0, protocol.NewFault(protocol.BadHandshake, `kind: want "hub" or "program"`)
	case !validHub(h.Hub):
		return 0, protocol.NewFault(protocol.BadHandshake, "hub: want 1 to 64 letters, digits, - or _")
	case len(h.Secret) < 16 || len(h.Secret) > 256:
		return 0, protocol.NewFault(protocol.BadHandshake, "secret: want 16 to 256 bytes that nobody can guess")
	case h.App != "" && !protocol.ValidName(h.App):
		return 0, protocol.NewFault(protocol.BadHandshake, "app: this cannot be the name of an app")
	}
	if h.App == "" {
		h.App = h.Kind
	}
	return version, nil
}

func validHub(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// authenticate asks whose token that is. Why one is not accepted is in the log, and only there.
func (s *session) authenticate(token string) (identity.Identity, *protocol.Fault) {
	ctx, cancel := context.WithTimeout(context.Background(), s.relay.options.AuthTimeout)
	defer cancel()
	who, err := s.relay.options.Authenticator.Authenticate(ctx, token)
	if why := (*identity.Error)(nil); errors.As(err, &why) {
		s.relay.options.Log.Info("a token was not accepted", "code", string(why.Code), "reason", why.Reason)
		return who, protocol.NewFault(why.Code, why.Message())
	} else if err != nil {
		s.relay.options.Log.Error("the authenticator failed", "error", err)
		return who, protocol.NewFault(protocol.AuthUnavailable, "the broker cannot check credentials now; try again")
	}
	if who.Expired(time.Now()) {
		return who, protocol.NewFault(protocol.SessionExpired, "the credential has ended; get a new one")
	}
	return who, nil
}

// seat asks whether there is a place for the connection. It is given back when the connection has closed.
func (s *session) seat() *protocol.Fault {
	ctx, cancel := context.WithTimeout(context.Background(), s.relay.options.AuthTimeout)
	defer cancel()
	release, f := s.relay.options.Admit(ctx, s.presence())
	if f != nil {
		return f
	}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.release = release
	}
	s.mu.Unlock()
	if closed {
		release()
	}
	return nil
}

// begin makes the connection its hub's, in place of an older one, and says so.
func (s *session) begin(id uint64, version int64) *protocol.Fault {
	r := s.relay
	s.peers, s.calls, s.lists = make(map[uint32]*party), make(map[uint64]*party), make(map[uint64]struct{})
	s.asked = make(map[uint64]question)
	me := s.newParty(protocol.PeerInfo{Instance: s.key.hub, App: s.record.App, Origin: s.origin})
	before, err := r.enter(s)
	if err != nil {
		return protocol.NewFault(protocol.HubNotReady, err.Error())
	}
	if before != nil {
		before.supersede()
	}
	s.shared = r.contexts.Connect(contexts.Who{
		Tenant: s.who.Tenant, User: s.who.User.ID, Groups: s.who.Groups, Roles: s.who.Roles,
		// Whoever could count under another's name could make his writes seem done. The secret keeps them apart.
		Hub: s.who.Tenant + "/" + s.key.hub, Counter: s.who.Tenant + "/" + s.key.hub + "/" + s.record.Secret[:16],
		Program: !s.isHub(),
	}, s)
	r.methods.do(func() { r.methods.join(me) })
	s.me = me
	ack := protocol.Ack{
		ConnectionID: s.id, Version: version, Hub: r.node, Me: me.Info, Limits: protocol.DefaultLimits(),
		Identity: &protocol.Identity{Tenant: s.who.Tenant, User: s.who.User, Groups: s.who.Groups, Roles: s.who.Roles},
		Epoch:    r.contexts.Epoch(), ExpiresMs: s.expires(),
	}
	s.conn.Bind(s.id)
	_ = s.conn.Send(protocol.Envelope{Op: protocol.OpAck, ID: id, Head: ack.AppendJSON(nil)})
	r.counters.admitted.Add(1)
	s.note(audit.SessionBegun)
	return nil
}

// supersede ends a connection whose hub has a newer one.
func (s *session) supersede() {
	s.refuse(protocol.NewFault(protocol.Superseded, "a newer connection of the same hub took this one's place"))
}

// expires sets the clock for the end of the token, and returns how many milliseconds that is away; 0 where it does not end.
func (s *session) expires() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	if s.who.Expires.IsZero() {
		return 0
	}
	left := max(time.Until(s.who.Expires), time.Millisecond)
	s.timer = time.AfterFunc(left, func() {
		s.refuse(protocol.NewFault(protocol.SessionExpired, "the credential has ended; get a new one"))
	})
	return max(left.Milliseconds(), 1)
}

// renew takes a new token. It must be the same user's; one that says something else of his groups or roles makes the hub
// connect anew, since what it shares depends on them.
func (s *session) renew(m *protocol.Envelope) {
	var t protocol.Token
	if err := t.DecodeJSON(m.Head); err != nil {
		s.fail(m.ID, protocol.NewFault(protocol.BadMessage, "session.renew: the head cannot be read"))
		return
	}
	who, f := s.authenticate(t.Token)
	old := s.identity()
	switch {
	case f != nil:
		// The old token is good until its end.
		s.fail(m.ID, f)
		return
	case who.Tenant != old.Tenant || who.User.ID != old.User.ID:
		s.fail(m.ID, protocol.NewFault(protocol.Unauthenticated, "the token is another user's"))
		return
	}
	s.mu.Lock()
	s.who.Expires = who.Expires
	s.mu.Unlock()
	renewed := protocol.Renewed{ExpiresMs: s.expires()}
	_ = s.conn.Send(protocol.Envelope{Op: protocol.OpReply, ID: m.ID, Head: renewed.AppendJSON(nil)})
	if !slices.Equal(who.Groups, old.Groups) || !slices.Equal(who.Roles, old.Roles) {
		s.conn.Close(stream.CloseRestart, "the user's groups or roles have changed")
	}
}

// newConnectionID returns 128 random bits.
func newConnectionID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it cannot fail
	return hex.EncodeToString(b[:])
}

// hashed is how a secret is kept and compared.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte("crossframe hub secret\x00" + secret))
	return hex.EncodeToString(sum[:])
}
