package identity

import "github.com/crossframe/crossframe/protocol"

// developmentPrefix is how the credential of a development user begins; his id follows.
const developmentPrefix = "dev:"

// DefaultTenant is the tenant of development users who name none.
const DefaultTenant = "default"

// Development are users who need no proof: whoever reaches the broker can be each of them. That is why the broker does not
// start with them unless it is reached from its own machine alone.
type Development struct {
	Users []DevelopmentUser `json:"users"`
}

// DevelopmentUser is who the credential "dev:" and the id stand for.
type DevelopmentUser struct {
	ID        string `json:"id"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	// Tenant of the user; if empty, DefaultTenant.
	Tenant string   `json:"tenant"`
	Groups []string `json:"groups"`
	Roles  []string `json:"roles"`
}

func (d *Development) identities() map[string]Identity {
	users := make(map[string]Identity, len(d.Users))
	for i := range d.Users {
		u := &d.Users[i]
		tenant := u.Tenant
		if tenant == "" {
			tenant = DefaultTenant
		}
		users[u.ID] = Identity{
			Tenant: tenant,
			User:   protocol.User{ID: u.ID, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email},
			Groups: distinct(u.Groups), Roles: distinct(u.Roles),
		}
	}
	return users
}

// Credential is the credential of the development user with that id.
func Credential(id string) string { return developmentPrefix + id }
