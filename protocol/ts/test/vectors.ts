/** The files in protocol/testdata, which the Go tests read too. */
import { readFileSync } from "node:fs";

/** Returns the cases of a file. */
export function vectors<T>(name: string): readonly T[] {
  const file = new URL(`../../testdata/${name}`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly T[] };
  if (cases.length === 0) throw new Error(`${name} has no cases`);
  return cases;
}
