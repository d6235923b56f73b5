export { connect, connectPort, type ConnectOptions, type Hub, type Me } from "./connect.js";
export { CrossframeError } from "./errors.js";
export { transfer } from "./body.js";
export type { SessionEvents, SessionOptions } from "./session.js";
export type { Lost } from "./messages.js";
export type { Call } from "./api/call.js";
export type {
  Answer,
  Handler,
  Interop,
  InvokeAllOptions,
  InvokeOptions,
  MethodDeclaration,
  Target,
} from "./api/interop.js";
export type { Contexts, Patch, Snapshot, UpdateOptions, WriteOptions } from "./api/contexts.js";
export type { Change, Listener } from "./api/replica.js";
export type { Json, Path } from "./api/merge.js";
export type { Apps, AppsChange, StartOptions } from "./api/apps.js";
export type { Audit, PolicyRoom } from "./api/admin.js";
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
