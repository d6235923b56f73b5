package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/records"
	"github.com/crossframe/crossframe/broker/store"
	"github.com/crossframe/crossframe/protocol"
)

// Audit returns the route of the audit trail, for admins and auditors: each sees that of his own tenant.
func Audit(log *store.Log) Route {
	t := trail{log}
	return Route{"/api/v1/audit", map[string]handler{http.MethodGet: t.search}}
}

// trail answers for a log.
type trail struct{ log *store.Log }

func (t trail) search(c *call) error {
	if !c.who.HasRole(identity.RoleAdmin) && !c.who.HasRole(audit.RoleAuditor) {
		return refuse(http.StatusForbidden, string(protocol.PermissionDenied), "This is for the roles "+identity.RoleAdmin+" and "+audit.RoleAuditor+".")
	}
	q, err := auditQuery(c.r.URL.Query())
	if err != nil {
		return err
	}
	page, err := audit.Search(c.r.Context(), t.log, c.who.Tenant, q)
	if err != nil {
		if code := store.CodeOf(err); code != protocol.Internal {
			return protocol.NewFault(code, "The store cannot do this now.")
		}
		return err
	}
	body, err := json.Marshal(page)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, body)
}

func auditQuery(values url.Values) (q audit.Query, err error) {
	q = audit.Query{Code: values.Get("code"), User: values.Get("user"), App: values.Get("app"), After: values.Get("after")}
	for _, bound := range []struct {
		name string
		to   *time.Time
	}{{"since", &q.Since}, {"until", &q.Until}} {
		text := values.Get(bound.name)
		if text == "" {
			continue
		}
		if *bound.to, err = time.Parse(time.RFC3339, text); err != nil {
			return q, refuse(http.StatusBadRequest, string(protocol.InvalidArgument), bound.name+" is a time such as 2026-03-01T12:00:00Z.")
		}
	}
	q.Limit, err = limitOf(values)
	return q, err
}

// audited are the statuses of refusals that the audit gets: somebody wanted what he may not, or too much of it.
var audited = map[int]bool{http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusTooManyRequests: true}

// note tells the audit of a refusal; who is nil where nobody knows.
func (a *API) note(w http.ResponseWriter, r *http.Request, who *identity.Identity, err error) {
	f := refusalOf(err)
	if !audited[f.status] && f.code != string(protocol.AuthUnavailable) {
		return
	}
	a.options.Audit.Note(eventFor(w, r, who, protocol.Code(f.code)))
}

func eventFor(w http.ResponseWriter, r *http.Request, who *identity.Identity, code protocol.Code) audit.Event {
	e := audit.Event{Code: code, Origin: r.Header.Get("Origin"), Request: w.Header().Get(fault.IDHeader)}
	if who != nil {
		e.Tenant, e.User = who.Tenant, who.User.ID
	}
	return e
}

// changed tells the audit of a record that was written or deleted, unless it is the user's own affair.
func (c *call) changed(code protocol.Code, ref records.Ref) {
	if ref.Personal(&c.who) {
		return
	}
	e := eventFor(c.w, c.r, &c.who, code)
	e.Subject = ref.Kind + " " + ref.Owner.String() + " " + ref.Name
	c.api.options.Audit.Note(e)
}
