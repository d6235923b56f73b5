package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

// Me is who the caller is: GET /api/v1/me.
func Me() Route {
	return Route{"/api/v1/me", map[string]handler{http.MethodGet: func(c *call) error {
		who := struct {
			Tenant  string        `json:"tenant"`
			User    protocol.User `json:"user"`
			Groups  []string      `json:"groups"`
			Roles   []string      `json:"roles"`
			Expires *time.Time    `json:"expires,omitempty"`
		}{c.who.Tenant, c.who.User, orEmpty(c.who.Groups), orEmpty(c.who.Roles), nil}
		if !c.who.Expires.IsZero() {
			end := c.who.Expires.UTC()
			who.Expires = &end
		}
		body, err := json.Marshal(who)
		if err != nil {
			return err
		}
		return c.answer(http.StatusOK, body)
	}}}
}

// orEmpty makes a list that JSON writes as one.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
