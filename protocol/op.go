package protocol

// Op is an operation: what a message is about. Its number travels, so it never changes its meaning.
type Op uint32

// Session operations.
const (
	OpAck     Op = 1
	OpRefused Op = 2
	OpProve   Op = 3
	OpPeer    Op = 4
	OpGone    Op = 5
	OpBye     Op = 6
	OpReply   Op = 7
	OpError   Op = 8
	OpHello   Op = 9
	OpRenew   Op = 10
)

// Interop operations.
const (
	OpRegister   Op = 20
	OpUnregister Op = 21
	OpInvoke     Op = 22
	OpCall       Op = 23
	OpResult     Op = 24
	OpProgress   Op = 25
	OpCancel     Op = 26
	OpPart       Op = 27
	OpEnd        Op = 28
	OpDiscover   Op = 29
	OpWatch      Op = 30
	OpUnwatch    Op = 31
	OpMethods    Op = 32
	OpAwait      Op = 33
)

// Shared context operations.
const (
	OpContextGet         Op = 40
	OpContextSet         Op = 41
	OpContextUpdate      Op = 42
	OpContextPatch       Op = 43
	OpContextSubscribe   Op = 44
	OpContextUnsubscribe Op = 45
	OpContextEvent       Op = 46
	OpContextDestroy     Op = 47
	OpContextList        Op = 48
	OpContextValue       Op = 49
)

// App operations.
const (
	OpAppStart     Op = 60
	OpAppStop      Op = 61
	OpAppList      Op = 62
	OpAppInstances Op = 63
	OpAppWatch     Op = 64
	OpAppUnwatch   Op = 65
	OpAppChanged   Op = 66
	OpAppDefine    Op = 67
	OpAppRemove    Op = 68
)

// Platform operations.
const (
	OpPolicyGet    Op = 80
	OpPolicySet    Op = 81
	OpAuditWatch   Op = 82
	OpAuditEvent   Op = 83
	OpAuditUnwatch Op = 84
	OpAuditReport  Op = 85
)

// Page operations: the control line between the main page and the hub. No app has it.
const (
	OpPageBoot      Op = 100
	OpPageReady     Op = 101
	OpPageGreet     Op = 102
	OpPageLoaded    Op = 103
	OpPageRemoved   Op = 104
	OpPageFailed    Op = 105
	OpPageOpen      Op = 106
	OpPageClose     Op = 107
	OpPageChallenge Op = 108
	OpPageState     Op = 109
	OpPageMisuse    Op = 110
	OpPageLink      Op = 111
	OpPageToken     Op = 112
	OpPageLicense   Op = 113
)

// Direction says who may send an operation.
type Direction uint8

// The directions. They are bits.
const (
	// FromApp: a client app, or the main page as peer zero, to the hub.
	FromApp Direction = 1 << iota
	// FromHub: the hub to a client app.
	FromHub
	// FromPage: the main page's runtime to the hub, on the control line.
	FromPage
	// ToPage: the hub to the main page's runtime, on the control line.
	ToPage
	// ToBroker: a hub, or a program that has no hub, to the broker. A program may send what an app may; a hub speaks for its
	// peers.
	ToBroker
	// FromBroker: the broker to a hub or a program.
	FromBroker
)

// OpInfo is a row of the message table. Router, guard, client library and docs all read it.
type OpInfo struct {
	Op   Op
	Name string
	Room string
	From Direction
	// BeforeReady: allowed before the document has proven itself.
	BeforeReady bool
	// Reply: the message wants exactly one answer with its id (reply, error, or what Answer names).
	Reply bool
	// Answer is the operation that answers instead of reply; 0 means reply.
	Answer Op
	// Head names the payload struct in the head; "" means that the head is empty.
	Head string
	// Fields documents id, ref, peer, name and body where they are used.
	Fields string
	// Summary is one sentence for docs/protocol.md.
	Summary string
}

var opTable = [...]OpInfo{
	{Op: OpAck, Name: "session.ack", Room: "session", From: FromHub | FromBroker, BeforeReady: true, Head: "Ack", Fields: "body: the app's start context", Summary: "INIT_ACK: the connection is admitted; it is ready when the challenge has been echoed."},
	{Op: OpRefused, Name: "session.refused", Room: "session", From: FromHub | FromBroker, BeforeReady: true, Head: "Fault", Summary: "A refusal: the connection is not admitted, or ends now. The port closes behind it."},
	{Op: OpProve, Name: "session.prove", Room: "session", From: FromApp, BeforeReady: true, Fields: "name: the nonce", Summary: "Echoes the nonce that the page posted to the app's window."},
	{Op: OpHello, Name: "session.hello", Room: "session", From: ToBroker, BeforeReady: true, Reply: true, Answer: OpAck, Head: "Hello", Summary: "The first message on a WebSocket: who connects, and what proves it."},
	{Op: OpRenew, Name: "session.renew", Room: "session", From: ToBroker, Reply: true, Head: "Token", Fields: "reply head: Renewed", Summary: "Brings a new token of the same user, before the old one expires."},
	{Op: OpPeer, Name: "session.peer", Room: "session", From: FromHub | ToBroker | FromBroker, BeforeReady: true, Head: "PeerInfo", Fields: "peer: the peer introduced", Summary: "Introduces a peer before the first message that names it."},
	{Op: OpGone, Name: "session.gone", Room: "session", From: FromHub | ToBroker | FromBroker, Fields: "peer: the peer that left", Summary: "An introduced peer left."},
	{Op: OpBye, Name: "session.bye", Room: "session", From: FromApp | ToBroker, BeforeReady: true, Summary: "The app closes its connection."},
	{Op: OpReply, Name: "reply", Room: "session", From: FromHub | FromBroker, Head: "*", Fields: "id: the request; ref: as the request says", Summary: "Answers a request; the head depends on the request."},
	{Op: OpError, Name: "error", Room: "session", From: FromApp | FromHub | ToBroker | FromBroker, Head: "Fault", Fields: "id: the request or the call; peer: to a broker, who answers a call", Summary: "Answers a request, or a call, with a coded error."},

	{Op: OpRegister, Name: "interop.register", Room: "interop", From: FromApp | ToBroker, Reply: true, Head: "MethodOptions", Fields: "id: becomes the registration; name: the method; peer: to a broker, who offers it", Summary: "Offers a method."},
	{Op: OpUnregister, Name: "interop.unregister", Room: "interop", From: FromApp | ToBroker, Reply: true, Fields: "ref: the registration; peer: to a broker, who offers it", Summary: "Takes a method back."},
	{Op: OpInvoke, Name: "interop.invoke", Room: "interop", From: FromApp | ToBroker, Reply: true, Answer: OpResult, Head: "InvokeOptions", Fields: "name: the method; peer: the target, 0 for the first; ref: to a broker, the caller; body: the arguments", Summary: "Calls a method."},
	{Op: OpCall, Name: "interop.call", Room: "interop", From: FromHub | FromBroker, Reply: true, Answer: OpResult, Head: "CallInfo", Fields: "id: the call; ref: the registration; peer: the caller; body: the arguments", Summary: "Delivers a call to the app that offers the method."},
	{Op: OpResult, Name: "interop.result", Room: "interop", From: FromApp | FromHub | ToBroker | FromBroker, Fields: "id: the call or the request; peer: who answered; body: the result", Summary: "The result of a call."},
	{Op: OpProgress, Name: "interop.progress", Room: "interop", From: FromApp | FromHub | ToBroker | FromBroker, Fields: "id: the call or the request; peer: who reports; body: the progress", Summary: "Progress of a call that still runs."},
	{Op: OpCancel, Name: "interop.cancel", Room: "interop", From: FromApp | FromHub | ToBroker | FromBroker, Fields: "id: the request or the call; ref: to and from a broker, the caller", Summary: "The caller no longer wants the answer."},
	{Op: OpPart, Name: "interop.part", Room: "interop", From: FromHub | FromBroker, Head: "Fault", Fields: "id: the request; peer: who answered; body: the result", Summary: "One answer to a call of several targets; the head is set where that target failed."},
	{Op: OpEnd, Name: "interop.end", Room: "interop", From: FromHub | FromBroker, Fields: "id: the request; ref: how many parts", Summary: "All answers to a call of several targets have been sent."},
	{Op: OpDiscover, Name: "interop.discover", Room: "interop", From: FromApp | ToBroker, Reply: true, Head: "MethodQuery", Fields: "reply head: MethodList", Summary: "Lists the methods that this app may see."},
	{Op: OpWatch, Name: "interop.watch", Room: "interop", From: FromApp | ToBroker, Reply: true, Head: "MethodQuery", Fields: "id: becomes the watch; reply head: MethodList", Summary: "Lists methods and tells changes from then on; a broker tells a hub of what is offered elsewhere."},
	{Op: OpUnwatch, Name: "interop.unwatch", Room: "interop", From: FromApp | ToBroker, Reply: true, Fields: "ref: the watch", Summary: "Ends a watch."},
	{Op: OpMethods, Name: "interop.methods", Room: "interop", From: FromHub | FromBroker, Head: "MethodChange", Fields: "ref: the watch", Summary: "Methods came or went."},
	{Op: OpAwait, Name: "interop.await", Room: "interop", From: FromApp | ToBroker, Reply: true, Head: "AwaitOptions", Fields: "name: the method; reply peer: who offers it", Summary: "Answers as soon as some app offers the method."},

	{Op: OpContextGet, Name: "contexts.get", Room: "contexts", From: FromApp | ToBroker, Reply: true, Answer: OpContextValue, Head: "ContextOptions", Fields: "name: the context", Summary: "Reads a shared context."},
	{Op: OpContextSet, Name: "contexts.set", Room: "contexts", From: FromApp | ToBroker, Reply: true, Head: "WriteOptions", Fields: "name: the context; ref: to a broker, who writes; body: an object; reply ref: the revision; reply head: WriteResult", Summary: "Replaces the value of a shared context, creating it where there is none."},
	{Op: OpContextUpdate, Name: "contexts.update", Room: "contexts", From: FromApp | ToBroker, Reply: true, Head: "WriteOptions", Fields: "name: the context; ref: to a broker, who writes; body: an object; reply ref: the revision; reply head: WriteResult", Summary: "Merges the body's members into a shared context, creating it where there is none."},
	{Op: OpContextPatch, Name: "contexts.patch", Room: "contexts", From: FromApp | ToBroker, Reply: true, Head: "PatchOptions", Fields: "name: the context; ref: to a broker, who writes; body: an array, one value for each path of head.set; reply ref: the revision; reply head: WriteResult", Summary: "Sets and removes paths of a shared context."},
	{Op: OpContextSubscribe, Name: "contexts.subscribe", Room: "contexts", From: FromApp | ToBroker, Reply: true, Answer: OpContextValue, Head: "ContextOptions", Fields: "id: becomes the subscription; name: the context", Summary: "Reads a shared context and tells changes from then on; the context need not exist yet."},
	{Op: OpContextUnsubscribe, Name: "contexts.unsubscribe", Room: "contexts", From: FromApp | ToBroker, Reply: true, Fields: "ref: the subscription", Summary: "Ends a subscription."},
	{Op: OpContextEvent, Name: "contexts.event", Room: "contexts", From: FromHub | FromBroker, Head: "ContextChange", Fields: "id: the revision; ref: the subscription; peer: who wrote; body: the delta", Summary: "A shared context changed."},
	{Op: OpContextDestroy, Name: "contexts.destroy", Room: "contexts", From: FromApp | ToBroker, Reply: true, Head: "ContextOptions", Fields: "name: the context; ref: to a broker, who writes", Summary: "Removes a shared context."},
	{Op: OpContextList, Name: "contexts.list", Room: "contexts", From: FromApp | ToBroker, Reply: true, Head: "ContextOptions", Fields: "reply head: ContextList", Summary: "Lists the shared contexts that this app may read."},
	{Op: OpContextValue, Name: "contexts.value", Room: "contexts", From: FromHub | FromBroker, Head: "ContextInfo", Fields: "id: the request; ref: the revision, 0 where there is no such context; body: the value", Summary: "The value of a shared context."},

	{Op: OpAppStart, Name: "apps.start", Room: "apps", From: FromApp, Reply: true, Head: "StartOptions", Fields: "name: the app; body: the start context; reply head: InstanceInfo", Summary: "Starts an app."},
	{Op: OpAppStop, Name: "apps.stop", Room: "apps", From: FromApp, Reply: true, Fields: "name: the instance", Summary: "Stops an instance."},
	{Op: OpAppList, Name: "apps.list", Room: "apps", From: FromApp, Reply: true, Fields: "reply head: AppList", Summary: "Lists the app definitions."},
	{Op: OpAppInstances, Name: "apps.instances", Room: "apps", From: FromApp, Reply: true, Fields: "reply head: InstanceList", Summary: "Lists the instances."},
	{Op: OpAppWatch, Name: "apps.watch", Room: "apps", From: FromApp, Reply: true, Fields: "id: becomes the watch; reply head: InstanceList", Summary: "Lists the instances and tells changes of definitions and instances from then on."},
	{Op: OpAppUnwatch, Name: "apps.unwatch", Room: "apps", From: FromApp, Reply: true, Fields: "ref: the watch", Summary: "Ends a watch."},
	{Op: OpAppChanged, Name: "apps.changed", Room: "apps", From: FromHub, Head: "AppChange", Fields: "ref: the watch", Summary: "A definition or an instance came, changed or went."},
	{Op: OpAppDefine, Name: "apps.define", Room: "apps", From: FromApp, Reply: true, Head: "AppList", Summary: "Adds or replaces app definitions; needs the grant \"admin\"."},
	{Op: OpAppRemove, Name: "apps.remove", Room: "apps", From: FromApp, Reply: true, Fields: "name: the app", Summary: "Removes an app definition; needs the grant \"admin\"."},

	{Op: OpPolicyGet, Name: "policy.get", Room: "hub", From: FromApp, Reply: true, Fields: "reply head: Policy", Summary: "Reads the block list and the allow list; needs the grant \"admin\"."},
	{Op: OpPolicySet, Name: "policy.set", Room: "hub", From: FromApp, Reply: true, Head: "Policy", Summary: "Replaces the lists and checks every live connection against them; needs the grant \"admin\"."},
	{Op: OpAuditWatch, Name: "audit.watch", Room: "hub", From: FromApp, Reply: true, Fields: "id: becomes the watch", Summary: "Tells audit events from now on; needs the grant \"admin\"."},
	{Op: OpAuditEvent, Name: "audit.event", Room: "hub", From: FromHub, Head: "AuditEvent", Fields: "ref: the watch", Summary: "Something was refused, revoked or abused."},
	{Op: OpAuditUnwatch, Name: "audit.unwatch", Room: "hub", From: FromApp, Reply: true, Fields: "ref: the watch", Summary: "Ends a watch."},
	{Op: OpAuditReport, Name: "audit.report", Room: "hub", From: ToBroker, Head: "AuditEvent", Summary: "A hub tells its broker what it has refused; nobody answers."},

	{Op: OpPageBoot, Name: "page.boot", Room: "page", From: FromPage, Head: "Boot", Summary: "Starts the hub with its configuration."},
	{Op: OpPageReady, Name: "page.ready", Room: "page", From: ToPage, Head: "BootResult", Summary: "The hub runs, or says why it will not; again when the state of its license changes."},
	{Op: OpPageGreet, Name: "page.greet", Room: "page", From: FromPage, Head: "Greet", Fields: "ref: the frame, 0 for an unknown window; peer: the port; name: event.origin; body: the greeting", Summary: "A window greeted and brought a port."},
	{Op: OpPageLoaded, Name: "page.loaded", Room: "page", From: FromPage, Fields: "ref: the frame", Summary: "A frame fired load."},
	{Op: OpPageRemoved, Name: "page.removed", Room: "page", From: FromPage, Fields: "ref: the frame", Summary: "A frame was removed from the page, by the user or by page.close."},
	{Op: OpPageFailed, Name: "page.failed", Room: "page", From: FromPage, Head: "Fault", Fields: "ref: the frame", Summary: "A frame cannot load its app, or was stopped from leaving it."},
	{Op: OpPageOpen, Name: "page.open", Room: "page", From: ToPage, Head: "FrameSpec", Fields: "ref: the frame; body: the start context", Summary: "Asks the page for a frame, or to bring it to the front."},
	{Op: OpPageClose, Name: "page.close", Room: "page", From: ToPage, Fields: "ref: the frame", Summary: "Asks the page to remove a frame."},
	{Op: OpPageChallenge, Name: "page.challenge", Room: "page", From: ToPage, Head: "Challenge", Fields: "ref: the frame or nested window", Summary: "Asks the page to post the nonce to the frame's window."},
	{Op: OpPageState, Name: "page.state", Room: "page", From: ToPage, Head: "FrameState", Fields: "ref: the frame", Summary: "What state the instance in a frame is in, for the page to show."},
	{Op: OpPageMisuse, Name: "page.misuse", Room: "page", From: FromPage, Head: "Misuse", Fields: "peer: the port", Summary: "The guard dropped messages of a port."},
	{Op: OpPageLink, Name: "page.link", Room: "page", From: ToPage, Head: "LinkState", Summary: "How the hub stands with its broker, for the page to show."},
	{Op: OpPageToken, Name: "page.token", Room: "page", From: FromPage | ToPage, Head: "Token", Summary: "The hub asks for a token, with an empty head; the page brings one, or an empty one where there is none."},
	{Op: OpPageLicense, Name: "page.license", Room: "page", From: FromPage, Head: "LicenseReport", Summary: "The license was looked at again: it may have been renewed, or revoked."},
}

// Traits is what programs need of a row of the message table: all but its words.
type Traits struct {
	From               Direction
	BeforeReady, Reply bool
}

// Traits returns those of an operation; their From is 0 where there is no such operation.
func (op Op) Traits() Traits {
	if op < Op(len(traits)) {
		return traits[op]
	}
	return Traits{}
}

// Ops returns the message table. Who needs no words asks for Traits.
func Ops() []OpInfo { return append([]OpInfo(nil), opTable[:]...) }

// Info returns the row of the table; ok is false for an operation that is not in it.
func (op Op) Info() (info OpInfo, ok bool) {
	for i := range opTable {
		if opTable[i].Op == op {
			return opTable[i], true
		}
	}
	return OpInfo{}, false
}
