/**
 * What an app could post on its port: frames by the rules of docs/protocol.md, each broken in some place, or in none. The
 * heads begin as those of the shared vectors, so that every payload struct is met with all of its members.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ops, OpAppDefine, OpAppStop, OpBye, OpInvoke, OpPolicySet, OpProve } from "@crossframe/protocol";
import type { Chance } from "./random.js";

type Fields = [op: unknown, id: unknown, ref: unknown, peer: unknown, name: unknown, head: unknown, body: unknown];

const vectors = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../../protocol/testdata/payloads.json"), "utf8")) as {
  readonly cases: readonly { readonly text: string }[];
};
const vectorHeads = [...new Set(vectors.cases.map(({ text }) => text))];
/** Heads that mean something, so that rooms get to do their work. */
const goodHeads = [
  '{"ifRevision":1}', '{"ifRevision":-1}', '{"lifetime":"owner"}', '{"remove":["a"]}', '{"set":[["a","b"]],"remove":[["c"]]}', '{"set":[["__proto__","x"],["y"]]}',
  '{"accepts":"String a, Number? b","returns":{"type":"object","properties":{"x":{"type":"array","items":{"type":"integer"}}}}}', '{"accepts":{"enum":[1,"x",null]}}',
  '{"exclusive":true,"tags":["x"],"displayName":"X"}', '{"target":"all","timeoutMs":100}', '{"target":"others"}', '{"waitMs":200,"timeoutMs":100}', '{"parent":68719476737}',
  '{"prefix":"crm."}', '{"name":"m"}', '{"app":"fuzzed"}', '{"timeoutMs":100}', '{"waitFor":"created","placement":{"area":"left"}}', '{"code":"TIMEOUT","message":"x"}',
];

/** Names that occur often enough to meet again, and names that are none. */
const names = [
  "m", "crm.show", "crm.*", "*", "client", "client.2", "a.>", "$JS.API.>", "___channel___red", "Hub.x", "T42.x", "__proto__", "toJSON", "", " x", "x ",
  "e\u0301", "é", "a\u202eb", "\u0000", "\ud800", "😀", "n".repeat(256), "n".repeat(257), "fuzzed", "ops", "fuzzed-11111111", "\u00e9".repeat(300),
];

const bodies = [
  null, "{}", '{"a":1}', '{"a":{"b":[1,2,{"c":null}]}}', '["x",2]', "[]", "null", "1", '"x"', "", "{", '{"a":1,"a":2}', '{"a":1e999}', '{"a":-0}', '{"a":9007199254740993}',
  '{"__proto__":{"x":1},"constructor":{"prototype":1},"toJSON":1}', '{"a":"\\ud800"}', '{"a":"\ud800"}', '\ufeff{"a":1}', '{"a":"\u0000"}', "[".repeat(70) + "]".repeat(70),
  "{\"a\":".repeat(64) + "1" + "}".repeat(64), "[".repeat(5000), '{"a":' + "9".repeat(5000) + "}", `{${Array.from({ length: 400 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
];

const numbers = [0, 1, 2, 3, 7, 99, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 36 + 1, 2 ** 53 - 1, -0];

/** Values that no field of a frame may have. */
const wrong: readonly unknown[] = [undefined, true, -1, 0.5, NaN, Infinity, 2 ** 53, 1n, {}, [], [[]], new Date(0), new Map([[1, 2]]), /x/, new Uint8Array(2), new Error("x")];

/** Pieces of JSON that a text gets in some place. */
const pieces = ['"', "\\", "{", "}", "[", "]", ":", ",", "null", "true", "-", "1e", "1e999", "\\u", "\\ud83d", "\u0000", "\ud800", "😀", '"x":1,', "0".repeat(40)];

/** Operations in proportion: those of apps often, all others now and then. */
const fromApps = ops.filter((info) => info.fromApp).map(({ op }) => op);
const known = ops.map(({ op }) => op);

/** What would end the case itself: the lists could refuse everybody, and a definition replace one that the case needs. */
const harmless: ReadonlyMap<number, readonly string[]> = new Map([
  [OpPolicySet, ["", "{}", '{"blockList":["http://x.test"]}', '{"allowList":[1]}', '{"blockList":["https://example.com/app/*"]}', "{"]],
  [
    OpAppDefine,
    [
      "", "{}", '{"apps":[{"name":"x","url":"http://x.test/"}]}', '{"apps":[{"name":"fuzzed","url":"http://fuzzed.test/","grants":{"offer":["crm.*"]}}]}',
      '{"apps":[{"name":"fuzzed","url":"http://fuzzed.test/"}]}', '{"apps":[{"name":"fuzzed","url":"http://other.test/"}]}', '{"apps":[{"name":"","url":""}]}', '{"apps":[{}',
    ],
  ],
]);

/** One post on a port. */
export function makeFrame(chance: Chance, connectionId: string): unknown {
  if (chance.onceIn(400)) return chance.of(wrong);
  const frame: unknown[] = [chance.onceIn(300) ? chance.of([...names, ...wrong]) : connectionId];
  for (let count = chance.onceIn(5) ? 1 + chance.below(20) : 1; count > 0; count--) frame.push(...makeMessage(chance));
  if (chance.onceIn(300)) frame.splice(chance.below(frame.length), 1 + chance.below(3));
  if (chance.onceIn(300)) frame[chance.below(frame.length)] = chance.of(wrong);
  return frame;
}

function makeMessage(chance: Chance): Fields {
  const op = chance.onceIn(12) ? chance.of(known) : chance.onceIn(60) ? chance.below(300) : chance.of(fromApps);
  const number = (): number => (chance.onceIn(4) ? chance.of(numbers) : chance.below(40));
  // A connection that ends by a word of its own does not get far.
  const calm = (op === OpBye || op === OpProve || op === OpAppStop) && !chance.onceIn(20) ? OpInvoke : op;
  return [calm, number(), number(), chance.onceIn(3) ? number() : 0, chance.of(names), makeHead(chance, calm), makeBody(chance)];
}

function makeHead(chance: Chance, op: number): string {
  const fixed = harmless.get(op);
  if (fixed) return chance.of(fixed);
  if (chance.onceIn(3)) return "";
  const head = chance.of(chance.onceIn(3) ? vectorHeads : goodHeads);
  return chance.onceIn(3) ? spoil(chance, head) : head;
}

function makeBody(chance: Chance): unknown {
  if (chance.onceIn(20)) return new ArrayBuffer(chance.below(64));
  const body = chance.of(bodies);
  return typeof body === "string" && chance.onceIn(3) ? spoil(chance, body) : body;
}

/** Changes a text in a few places. */
function spoil(chance: Chance, text: string): string {
  for (let times = 1 + chance.below(3); times > 0; times--) {
    const at = chance.below(text.length + 1);
    const end = chance.onceIn(2) ? at : Math.min(text.length, at + 1 + chance.below(8));
    const from = chance.below(text.length + 1);
    const piece = chance.onceIn(3) ? text.slice(from, from + chance.below(30)) : chance.onceIn(2) ? chance.of(pieces) : "";
    text = text.slice(0, at) + piece + text.slice(end);
  }
  return text;
}
