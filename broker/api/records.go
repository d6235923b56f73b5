package api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/records"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Records returns the routes of what users, roles and everyone keep.
func Records(all *records.Records) []Route {
	s := shelves{all}
	list := map[string]handler{http.MethodGet: s.list}
	return []Route{
		{"/api/v1/records/changes", map[string]handler{http.MethodGet: s.changes}},
		{"/api/v1/records/{kind}", list},
		{"/api/v1/records/{kind}/{owner}", list},
		{"/api/v1/records/{kind}/{owner}/{name}", map[string]handler{
			http.MethodGet: s.get, http.MethodPut: s.put, http.MethodDelete: s.delete,
		}},
	}
}

// shelves answers for records.
type shelves struct{ all *records.Records }

// refOf reads which record the address names.
func refOf(c *call) (records.Ref, error) {
	owner, err := ownerOf(c)
	return records.Ref{Kind: c.r.PathValue("kind"), Owner: owner, Name: c.r.PathValue("name")}, err
}

// ownerOf reads the owner in the path: "me", "everyone", "user:ada" or "role:trader"; or "user" or "role" alone, and the
// name as id in the query, where it has slashes.
func ownerOf(c *call) (records.Owner, error) {
	text := c.r.PathValue("owner")
	if id := c.r.URL.Query().Get("id"); id != "" && !strings.Contains(text, ":") {
		text += ":" + id
	}
	return records.ParseOwner(text, &c.who)
}

func (s shelves) get(c *call) error {
	ref, err := refOf(c)
	if err != nil {
		return err
	}
	record, err := s.all.Get(c.r.Context(), &c.who, ref)
	if err != nil {
		return err
	}
	tag := tagOf(&record)
	if matches(c.r.Header.Values("If-None-Match"), tag) {
		c.w.Header().Set("ETag", tag)
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return s.answer(c, http.StatusOK, &record)
}

func (s shelves) put(c *call) error {
	ref, err := refOf(c)
	if err != nil {
		return err
	}
	condition, err := conditionOf(c.r)
	if err != nil {
		return err
	}
	record, created, err := s.all.Put(c.r.Context(), &c.who, ref, c.body, condition)
	if err != nil {
		return err
	}
	c.changed(audit.RecordWritten, ref)
	if created {
		return s.answer(c, http.StatusCreated, &record)
	}
	return s.answer(c, http.StatusOK, &record)
}

func (s shelves) delete(c *call) error {
	ref, err := refOf(c)
	if err != nil {
		return err
	}
	condition, err := conditionOf(c.r)
	if err != nil {
		return err
	}
	if condition.Absent {
		return badCondition()
	}
	if err := s.all.Delete(c.r.Context(), &c.who, ref, condition); err != nil {
		return err
	}
	c.changed(audit.RecordDeleted, ref)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s shelves) answer(c *call, status int, record *records.Record) error {
	c.w.Header().Set("ETag", tagOf(record))
	return c.answer(status, record.AppendJSON(nil))
}

func tagOf(record *records.Record) string { return `"` + record.Revision + `"` }

// conditionOf reads what must be true for a write (RFC 9110, section 13.1). Of the lists that the headers may have, one
// entry is read: two revisions to write over mean that it does not matter which.
func conditionOf(r *http.Request) (c records.Condition, err error) {
	is, none := r.Header.Values("If-Match"), r.Header.Values("If-None-Match")
	switch {
	case len(is)+len(none) == 0:
		return c, nil
	case len(is) == 0 && len(none) == 1 && none[0] == "*":
		return records.Condition{Absent: true}, nil
	case len(none) == 0 && len(is) == 1 && is[0] == "*":
		return records.Condition{Present: true}, nil
	case len(none) == 0 && len(is) == 1 && len(is[0]) > 2 && is[0][0] == '"' && strings.IndexByte(is[0][1:], '"') == len(is[0])-2:
		return records.Condition{Revision: is[0][1 : len(is[0])-1]}, nil
	}
	return c, badCondition()
}

func badCondition() error {
	return refuse(http.StatusBadRequest, string(protocol.InvalidArgument), `Send If-Match with the ETag of the record or "*", or to make a new one If-None-Match: *.`)
}

// list answers with a page of records: those of one owner, or all that concern the caller.
func (s shelves) list(c *call) error {
	q, err := listQuery(c)
	if err != nil {
		return err
	}
	page, err := s.all.List(c.r.Context(), &c.who, q)
	if err != nil {
		return err
	}
	out := []byte(`{"records":[`)
	for i := range page.Records {
		if i > 0 {
			out = append(out, ',')
		}
		out = page.Records[i].AppendJSON(out)
	}
	out = append(out, ']')
	if page.Next != "" {
		out = append(jsontext.AppendString(append(out, `,"next":`...), page.Next), '}')
		return c.answer(http.StatusOK, out)
	}
	return c.answer(http.StatusOK, append(out, '}'))
}

func listQuery(c *call) (q records.Query, err error) {
	values := c.r.URL.Query()
	q = records.Query{Kind: c.r.PathValue("kind"), After: values.Get("after")}
	if c.r.PathValue("owner") != "" {
		owner, err := ownerOf(c)
		if err != nil {
			return q, err
		}
		q.Owner = &owner
	}
	q.Limit, err = limitOf(values)
	return q, err
}

func limitOf(values url.Values) (int, error) {
	text := values.Get("limit")
	if text == "" {
		return 0, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 {
		return 0, refuse(http.StatusBadRequest, string(protocol.InvalidArgument), "The limit is a number, at least 1.")
	}
	return limit, nil
}

// changes tells of every change from now on of records that the caller may read. The first event says that it has begun.
func (s shelves) changes(c *call) error {
	kind := c.r.URL.Query().Get("kind")
	return c.stream(func(f *feed) (func(), error) {
		f.push(event{"begun", []byte("{}")})
		return s.all.Watch(c.who, kind, func(change records.Change) { f.push(eventOf(&change)) })
	})
}

func eventOf(change *records.Change) event {
	data := jsontext.AppendString([]byte(`{"kind":`), change.Kind)
	data = jsontext.AppendString(append(data, `,"owner":`...), change.Owner.String())
	data = jsontext.AppendString(append(data, `,"name":`...), change.Name)
	if change.Deleted {
		return event{"deleted", append(data, '}')}
	}
	data = jsontext.AppendString(append(data, `,"revision":`...), change.Revision)
	return event{"changed", append(data, '}')}
}
