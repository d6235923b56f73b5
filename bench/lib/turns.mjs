/**
 * Measures variants in turns, A B C, B C A, C A B, so that what else the machine does falls on all alike.
 *
 * @param variants functions by name; each measures once and resolves with a number
 * @returns the samples by name; those at the same place belong to the same round
 */
export async function inTurns(variants, rounds) {
  const names = Object.keys(variants);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      samples[name].push(await variants[name]());
    }
  }
  return samples;
}
