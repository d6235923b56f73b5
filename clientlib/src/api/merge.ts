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
