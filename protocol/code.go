package protocol

// Code is a stable, documented name for why something was not done. Callers switch on the code, never on the
// text beside it.
type Code string

// Refusals end a connection, or keep it from beginning.
const (
	OriginBlocked       Code = "ORIGIN_BLOCKED"
	OriginNotAllowed    Code = "ORIGIN_NOT_ALLOWED"
	OriginOpaque        Code = "ORIGIN_OPAQUE"
	OriginMismatch      Code = "ORIGIN_MISMATCH"
	SourceUnknown       Code = "SOURCE_UNKNOWN"
	ProtocolUnsupported Code = "PROTOCOL_UNSUPPORTED"
	BadHandshake        Code = "BAD_HANDSHAKE"
	HubNotReady         Code = "HUB_NOT_READY"
	SessionRevoked      Code = "SESSION_REVOKED"
	SessionClosed       Code = "SESSION_CLOSED"
	Superseded          Code = "SUPERSEDED"
	LicenseMissing      Code = "LICENSE_MISSING"
	LicenseInvalid      Code = "LICENSE_INVALID"
	LicenseOrigin       Code = "LICENSE_ORIGIN_MISMATCH"
	LicenseExpired      Code = "LICENSE_EXPIRED"
	LicenseNotYetValid  Code = "LICENSE_NOT_YET_VALID"
	LicenseRevoked      Code = "LICENSE_REVOKED"
	LicenseUnverified   Code = "LICENSE_UNVERIFIED"
	LicenseLimit        Code = "LICENSE_LIMIT"
	Unauthenticated     Code = "UNAUTHENTICATED"
	SessionExpired      Code = "SESSION_EXPIRED"
	AuthUnavailable     Code = "AUTH_UNAVAILABLE"
)

// Request errors answer one request; the connection goes on.
const (
	BadMessage       Code = "BAD_MESSAGE"
	TooLarge         Code = "TOO_LARGE"
	TooDeep          Code = "TOO_DEEP"
	RateLimited      Code = "RATE_LIMITED"
	QuotaExceeded    Code = "QUOTA_EXCEEDED"
	UnknownOperation Code = "UNKNOWN_OPERATION"
	InvalidName      Code = "INVALID_NAME"
	InvalidSchema    Code = "INVALID_SCHEMA"
	InvalidArgument  Code = "INVALID_ARGUMENT"
	PermissionDenied Code = "PERMISSION_DENIED"
	NotOwner         Code = "NOT_OWNER"
	MethodNotFound   Code = "METHOD_NOT_FOUND"
	MethodExists     Code = "METHOD_EXISTS"
	TargetGone       Code = "TARGET_GONE"
	Timeout          Code = "TIMEOUT"
	Cancelled        Code = "CANCELLED"
	SchemaViolation  Code = "SCHEMA_VIOLATION"
	HandlerError     Code = "HANDLER_ERROR"
	LoopDetected     Code = "LOOP_DETECTED"
	ContextNotFound  Code = "CONTEXT_NOT_FOUND"
	RevisionConflict Code = "REVISION_CONFLICT"
	NotDurable       Code = "NOT_DURABLE"
	StorageDown      Code = "STORAGE_UNAVAILABLE"
	StorageCorrupt   Code = "STORAGE_CORRUPT"
	DiskFull         Code = "DISK_FULL"
	Offline          Code = "OFFLINE"
	ScopeUnavailable Code = "SCOPE_UNAVAILABLE"
	AppNotFound      Code = "APP_NOT_FOUND"
	InstanceNotFound Code = "INSTANCE_NOT_FOUND"
	AppFailed        Code = "APP_FAILED"
	InvalidApp       Code = "INVALID_APP_DEFINITION"
	ContinuityLost   Code = "CONTINUITY_LOST"
	Internal         Code = "INTERNAL"
)

// Codes that a client library gives by itself. The hub answers nothing with them; it tells HANDSHAKE_TIMEOUT as the reason
// why an instance failed.
const (
	HubUntrusted     Code = "HUB_UNTRUSTED"
	HubNotFound      Code = "HUB_NOT_FOUND"
	HandshakeTimeout Code = "HANDSHAKE_TIMEOUT"
	Disconnected     Code = "DISCONNECTED"
)

// CodeRange says which part of a conversation a code belongs to.
type CodeRange uint8

// The ranges of codes.
const (
	// RangeRefusal: the code ends a connection or keeps it from beginning.
	RangeRefusal CodeRange = iota + 1
	// RangeRequest: the code answers one request.
	RangeRequest
	// RangeClient: the client library gives the code by itself.
	RangeClient
)

// CodeInfo documents one code.
type CodeInfo struct {
	Code  Code
	Range CodeRange
	// Retryable: the same request may succeed later without any change to it.
	Retryable bool
	// Meaning is one sentence for docs/protocol.md.
	Meaning string
}

var codeTable = [...]CodeInfo{
	{OriginBlocked, RangeRefusal, false, "The origin is on the platform's block list."},
	{OriginNotAllowed, RangeRefusal, false, "The platform has an allow list and the origin is not on it."},
	{OriginOpaque, RangeRefusal, false, "The document has an opaque origin (\"null\") and its definition does not ask for that."},
	{OriginMismatch, RangeRefusal, false, "The document's origin is not the one that the app's definition names."},
	{SourceUnknown, RangeRefusal, false, "The greeting came from a window that the hub neither opened nor embedded."},
	{ProtocolUnsupported, RangeRefusal, false, "Client library and hub speak no common protocol version."},
	{BadHandshake, RangeRefusal, false, "The greeting is malformed, or carries other than exactly one port."},
	{HubNotReady, RangeRefusal, true, "The hub is not running yet, or stopped after repeated faults."},
	{SessionRevoked, RangeRefusal, false, "The connection was taken away: the document did not prove itself, the lists changed, or it misbehaved."},
	{SessionClosed, RangeRefusal, false, "The instance was stopped or its frame was removed."},
	{Superseded, RangeRefusal, false, "A newer connection of the same window took this one's place."},
	{LicenseMissing, RangeRefusal, false, "The platform needs a license key on this origin and has none."},
	{LicenseInvalid, RangeRefusal, false, "The license key is malformed, altered, or signed by an unknown key."},
	{LicenseOrigin, RangeRefusal, false, "The license key is bound to other origins."},
	{LicenseExpired, RangeRefusal, false, "The license key and its grace days have run out."},
	{LicenseNotYetValid, RangeRefusal, false, "The license key is not valid yet."},
	{LicenseRevoked, RangeRefusal, false, "The license key was revoked by its issuer."},
	{LicenseUnverified, RangeRefusal, false, "The list that says which license keys were revoked is not valid or out of date."},
	{LicenseLimit, RangeRefusal, false, "A limit of the license key is reached, or the key does not include the feature."},
	{Unauthenticated, RangeRefusal, false, "Nothing says who connects, or what says it is not to be believed."},
	{SessionExpired, RangeRefusal, false, "The token behind the connection has expired; connect with a new one."},
	{AuthUnavailable, RangeRefusal, true, "The broker cannot check credentials now, because what it checks them with is not there."},
	{BadMessage, RangeRequest, false, "The message does not have the form that the table gives it."},
	{TooLarge, RangeRequest, false, "A body, head or value is over its limit."},
	{TooDeep, RangeRequest, false, "JSON that the hub reads is nested too deeply."},
	{RateLimited, RangeRequest, true, "The connection sends more than its limits allow."},
	{QuotaExceeded, RangeRequest, true, "The peer has as many methods, subscriptions, calls or contexts as it may."},
	{UnknownOperation, RangeRequest, false, "The message table has no such operation for this side."},
	{InvalidName, RangeRequest, false, "A name is empty, too long or has characters that names may not have."},
	{InvalidSchema, RangeRequest, false, "A signature or JSON Schema cannot be used; the message says where."},
	{InvalidArgument, RangeRequest, false, "A field of the request has a value it may not have; the message names it."},
	{PermissionDenied, RangeRequest, false, "The app's definition does not grant this."},
	{NotOwner, RangeRequest, false, "The thing belongs to another peer."},
	{MethodNotFound, RangeRequest, true, "No connected app offers the method to this caller."},
	{MethodExists, RangeRequest, false, "The peer offers that method already, or another peer offers it exclusively."},
	{TargetGone, RangeRequest, true, "The app that should answer is no longer connected."},
	{Timeout, RangeRequest, true, "No answer came in time."},
	{Cancelled, RangeRequest, true, "The call was cancelled, by its caller or because the hub restarted under it."},
	{SchemaViolation, RangeRequest, false, "Arguments or result do not match the method's signature; the message names the place."},
	{HandlerError, RangeRequest, false, "The method's handler failed."},
	{LoopDetected, RangeRequest, false, "The call is the result of too many calls in a row."},
	{ContextNotFound, RangeRequest, true, "There is no shared context of that name."},
	{RevisionConflict, RangeRequest, true, "The context has another revision than the one the write was based on."},
	{NotDurable, RangeRequest, true, "The write cannot be made durable now."},
	{StorageDown, RangeRequest, true, "The broker's store cannot be reached, or has no quorum."},
	{StorageCorrupt, RangeRequest, false, "The broker's store is damaged; its operator has to restore it."},
	{DiskFull, RangeRequest, true, "The broker's store has no room left; reading goes on."},
	{Offline, RangeRequest, true, "The broker cannot be reached, and this cannot be decided without it."},
	{ScopeUnavailable, RangeRequest, false, "Nothing is shared in that scope here: there is no broker, or the user is not of that group."},
	{AppNotFound, RangeRequest, false, "No app definition has that name."},
	{InstanceNotFound, RangeRequest, false, "No running instance has that id."},
	{AppFailed, RangeRequest, true, "The app did not start; the message gives the reason."},
	{InvalidApp, RangeRequest, false, "The app definition is invalid; the message names the field."},
	{ContinuityLost, RangeRequest, true, "Messages may have been missed; state was sent anew."},
	{Internal, RangeRequest, true, "The hub failed at this request; it goes on with others."},
	{HubUntrusted, RangeClient, false, "The page around the app is not one of its hub origins."},
	{HubNotFound, RangeClient, false, "The app is neither in a frame nor in a window of a hub."},
	{HandshakeTimeout, RangeClient, true, "No hub answered in time."},
	{Disconnected, RangeClient, true, "The connection ended before the answer came."},
}

// Codes returns the documentation of every code.
func Codes() []CodeInfo { return append([]CodeInfo(nil), codeTable[:]...) }

// Fault is a coded error: the head of every operation "error" and "session.refused". The message is for the
// developer of the receiving app; it holds nothing of another app's data.
type Fault struct {
	Code      Code   `json:"code"`
	Message   string `json:"message"`
	Retryable bool   `json:"retryable,omitempty"`
	// Supported lists the hub's protocol versions beside PROTOCOL_UNSUPPORTED.
	Supported []int64 `json:"supported,omitempty"`
	// Revision is the current one beside REVISION_CONFLICT.
	Revision int64 `json:"revision,omitempty"`
}

// Error makes a Fault an error.
func (f *Fault) Error() string { return string(f.Code) + ": " + f.Message }

// NewFault returns a Fault with the code's own Retryable. It is called in more than a hundred places, and never where speed counts.
//
//go:noinline
func NewFault(code Code, message string) *Fault {
	return &Fault{Code: code, Message: message, Retryable: code.Retryable()}
}
