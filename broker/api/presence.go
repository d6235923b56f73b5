package api

import (
	"encoding/json"
	"net/http"

	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/protocol"
)

// Presence is who is connected: GET /api/v1/presence, for the role admin. List returns those of a tenant, as what JSON makes
// a list of.
func Presence(list func(tenant string) any) Route {
	return Route{"/api/v1/presence", map[string]handler{http.MethodGet: func(c *call) error {
		if !c.who.HasRole(identity.RoleAdmin) {
			return refuse(http.StatusForbidden, string(protocol.PermissionDenied), "This is for the role "+identity.RoleAdmin+".")
		}
		body, err := json.Marshal(struct {
			Connections any `json:"connections"`
		}{list(c.who.Tenant)})
		if err != nil {
			return err
		}
		c.w.Header().Set("Cache-Control", "no-store")
		return c.answer(http.StatusOK, body)
	}}}
}
