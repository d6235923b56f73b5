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

/** Removes paths of a value, then sets some to the values beside them, without changing the value given. */
export function patched(value: Json, set: readonly Path[] = [], values: readonly unknown[] = [], remove: readonly Path[] = []): Json {
  let result = value;
  for (const path of remove) result = without(result, path, 0) as Json;
  set.forEach((path, i) => (result = having(result, path, 0, values[i])));
  return result;
}

function having(value: unknown, path: Path, at: number, leaf: unknown): Json {
  const object = isObject(value) ? value : {};
  const member = path[at] as string;
  return { ...object, [member]: at === path.length - 1 ? leaf : having(own(object, member), path, at + 1, leaf) };
}

function without(value: unknown, path: Path, at: number): unknown {
  const member = path[at] as string;
  if (!isObject(value) || !Object.hasOwn(value, member)) return value;
  if (at === path.length - 1) return merged(value, {}, [member]);
  return { ...value, [member]: without(value[member], path, at + 1) };
}

function own(object: Json, member: string): unknown {
  return Object.hasOwn(object, member) ? object[member] : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
