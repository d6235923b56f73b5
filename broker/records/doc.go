// Package records keeps what belongs to users, roles and everyone: layouts, preferences, roles and entitlements. A record
// is one JSON value with a name, a kind and an owner; its revision is how writers find out that another one was faster.
//
// It may import broker/identity, broker/store, protocol and what is below. It knows no HTTP.
//
// Tenant and rights come from an identity.Identity. It refuses what that may not do with a permission error, also where
// there is nothing: whether another user has a record is not told. It refuses names that are not names, values that are
// too large or no JSON, and more records than one owner may have.
package records
