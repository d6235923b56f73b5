// The public types that both entries share.
export type { ConnectOptions } from "./connect.js";
export type { SessionEvents, SessionOptions } from "./session.js";
export type { Lost } from "./standing.js";
export type { Call, CoreCall } from "./api/call.js";
export type { Answer, Interop, InvokeAllOptions, MethodsChange } from "./api/discovery.js";
export type { CoreInterop, Handler, InvokeOptions, MethodDeclaration, Target } from "./api/interop.js";
export type { CoreContexts, PendingOptions, Scope, ScopeOptions, Snapshot, UpdateOptions, WriteOptions } from "./api/contexts.js";
export type { Contexts, Patch } from "./api/patches.js";
export type { Change, Listener } from "./api/replica.js";
export type { Json, Path } from "./api/merge.js";
export type {
  AuditEvent,
  Code,
  ContextInfo,
  Definition,
  InstanceInfo,
  Limits,
  MethodInfo,
  MethodQuery,
  PeerInfo,
  Policy,
  User,
} from "@crossframe/protocol";
