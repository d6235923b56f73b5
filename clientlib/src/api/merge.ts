/** The value of a shared context, and any object inside of it. */
export type Json = Readonly<Record<string, unknown>>;

/** The members that lead to a place in a value, from the outside in. */
export type Path = readonly string[];

// Copies are made by spreading and by computed members only. Both define the members of the copy, so that a member
// called "__proto__" is data like any other. Assignment would set the prototype instead.

/** Merges members into a value and removes some, without changing the value given. */
export function merged(value: Json, delta: Json, removed: readonly string[] = []): Json {
  const copy: Record<string, unknown> = { ...value, ...delta };
  for (const member of removed) delete copy[member];
  return copy;
}

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
