// Package server is the broker's HTTP side: it serves fixed lists of files and a few routes, and nothing else.
//
// A request passes these steps, from the outside to the inside; each may answer it:
//
//  1. observe: request id, log line, metrics
//  2. headers: the security headers of the site, on every answer, also on refusals
//  3. recover: a panic becomes 500 with a code and the request id
//  4. host: a Host header that is not the site's own is refused (421); this is what stops DNS rebinding
//  5. headers of the request: too many lines are refused (431)
//  6. path: paths that different programs read differently are refused (400)
//  7. below APIPath: the API, which is broker/api; see there for its steps
//  8. method: what is not GET or HEAD is refused (405)
//  9. the route or file with exactly that path, or 404
//
// Health, metrics and profiles are on a listener of their own; see Ops.
package server
