import { OpContextPatch } from "@crossframe/protocol";
import type { Connection } from "../connection.js";
import type { StandingRequests } from "../standing.js";
import { createCoreContexts, createWriter, type CoreContexts, type WriteOptions } from "./contexts.js";
import { merged, type Json, type Path } from "./merge.js";
import type { ApplyPatch } from "./replica.js";

/** What contexts.patch does: the removals first, then the settings in order. */
export interface Patch {
  readonly set?: readonly (readonly [path: Path, value: unknown])[] | undefined;
  readonly remove?: readonly Path[] | undefined;
}

/** Shared contexts, with changes inside of a value. */
export interface Contexts extends CoreContexts {
  /** Sets and removes paths of the value. Objects that are missing on the way are created. */
  patch(name: string, patch: Patch, options?: WriteOptions): Promise<number>;
  /** Sets one path. */
  setPath(name: string, path: Path, value: unknown, options?: WriteOptions): Promise<number>;
  /** Removes one path. */
  removePath(name: string, path: Path, options?: WriteOptions): Promise<number>;
}

export function createContexts(connection: Connection, standing: StandingRequests): Contexts {
  const write = createWriter(connection);

  const patch: Contexts["patch"] = (name, { set = [], remove }, options) => {
    const head: object = { ...options, set: set.map(([path]) => path), remove };
    return write(OpContextPatch, name, set.map(([, value]) => value), head);
  };

  return Object.assign(createCoreContexts(connection, standing, apply), {
    patch,
    setPath: (name: string, path: Path, value: unknown, options?: WriteOptions) => patch(name, { set: [[path, value]] }, options),
    removePath: (name: string, path: Path, options?: WriteOptions) => patch(name, { remove: [path] }, options),
  });
}

/** The values stand in the body, in the order of the paths. */
const apply: ApplyPatch = (value, { set = [], remove = [] }, values) => {
  const pairs = set.map((path, i) => [path, values[i]] as const);
  return [patched(value, pairs, remove), { set: pairs, removedPaths: remove }];
};

/** Removes paths of a value, then sets some, without changing the value given. */
export function patched(value: Json, set: readonly (readonly [path: Path, value: unknown])[], remove: readonly Path[] = []): Json {
  let result = value;
  for (const path of remove) result = without(result, path) as Json;
  for (const [path, leaf] of set) result = having(result, path, leaf);
  return result;
}

function having(value: unknown, [member = "", ...rest]: Path, leaf: unknown): Json {
  const object = isObject(value) ? value : {};
  const inner = Object.hasOwn(object, member) ? object[member] : undefined;
  return { ...object, [member]: rest.length > 0 ? having(inner, rest, leaf) : leaf };
}

function without(value: unknown, [member = "", ...rest]: Path): unknown {
  if (!isObject(value) || !Object.hasOwn(value, member)) return value;
  return rest.length > 0 ? { ...value, [member]: without(value[member], rest) } : merged(value, {}, [member]);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
