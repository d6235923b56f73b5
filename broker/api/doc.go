// Package api is the broker's HTTP API below /api/v1/, for pages and programs.
//
// A request that the site around it lets through (see broker/server) passes these steps; each may answer it:
//
//  1. address: one that carries a token is refused (400), because addresses are logged
//  2. route: what is none of the routes is refused (404)
//  3. origin: a page of an origin that is not on the list is refused (403), before anything of it is looked at;
//     a preflight of one that is gets its answer here
//  4. method: what the route does not have is refused (405); nothing is ever changed by GET or HEAD
//  5. credential: a bearer token that package identity accepts (401), or else the request has failed; who fails too
//     often gets 429
//  6. rate: 429 for users who ask too often
//  7. body: its type (415), its size (413), and that it is JSON (400)
//  8. the handler
//
// It may import broker/audit, broker/store, broker/identity, broker/directory, broker/records, broker/fault, broker/proxies, protocol and what is
// below, and golang.org/x/time/rate. It uses no cookies, so that no other page can use a visitor's rights.
package api
