import uFuzzy from "@leeoniya/ufuzzy";

/** What can be found; `words` are found too, but rank behind the title. */
export interface Findable {
  readonly title: string;
  readonly words?: string;
}

/** Made when somebody first searches: its word rules take 50 ms to compile, which the page's start has no time for. */
let fuzzy: uFuzzy | undefined;

// Letters of every script, and one slip (a letter too many, too few, wrong or swapped) in a word.
function makeFuzzy(): uFuzzy {
  return new uFuzzy({
    unicode: true,
    interSplit: "[^\\p{L}\\d']+",
    intraSplit: "\\p{Ll}\\p{Lu}",
    intraBound: "\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}",
    intraChars: "[\\p{L}\\d']",
    intraContr: "'\\p{L}{1,2}\\b",
    intraMode: 1,
  });
}

const longestQuery = 80;

/** The items that match, best first, in their own order where the query is empty. */
export function find<T extends Findable>(items: readonly T[], query: string): T[] {
  const needle = query.trim().slice(0, longestQuery);
  if (needle === "") return [...items];
  const byTitle = ranked(items.map((i) => i.title), needle);
  const byWords = ranked(items.map((i) => `${i.title} ${i.words ?? ""}`), needle);
  return [...new Set([...byTitle, ...byWords])].flatMap((i) => items[i] ?? []);
}

function ranked(haystack: string[], needle: string): readonly number[] {
  fuzzy ??= makeFuzzy();
  const [found, info, order] = fuzzy.search(haystack, needle, 3);
  if (!found) return [];
  return info && order ? order.map((i) => info.idx[i] ?? -1) : found;
}
