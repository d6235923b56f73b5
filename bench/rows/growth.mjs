import { startHub } from "../lib/nodehub.mjs";
import { ratio } from "../lib/stats.mjs";
import { inTurns } from "../lib/turns.mjs";

const small = { methods: 10, peers: 2 };
const large = { methods: 10_000, peers: 200 };
const rounds = 31;
const calls = 300;

/** P4: a call beside many methods and peers against one beside few, with the real hub and real ports in Node. */
export async function growth({ report }) {
  const few = await crowd(small);
  const many = await crowd(large);
  for (const warm of [few, many]) await warm.calls(3000);
  const samples = await inTurns({ few: () => few.calls(calls), many: () => many.calls(calls) }, rounds);
  report({ id: "P4", name: "invoke with 10,000 methods, 200 peers", ...ratio(samples.many, samples.few), limit: 1.1, baseline: "10 methods, 2 peers" });
  few.close();
  many.close();
}

/** A hub whose apps offer methods in all, and the time of a call between two of them. */
async function crowd({ methods, peers }) {
  const limits = { messagesPerSecond: 1_000_000, burst: 1_000_000 };
  const grants = { offer: ["bench.*"], invoke: ["bench.*"], readContexts: [], writeContexts: [] };
  const apps = Array.from({ length: peers }, (_, i) => ({ name: `app${i}`, url: `http://app${i}.test/`, limits, grants }));
  const hub = await startHub(apps);
  const { OpCall, OpInvoke, OpRegister, OpResult } = hub.wire;
  const ports = [];
  for (const { name } of apps) ports.push(await hub.connect(name));
  for (let i = 0; i < methods; i++) await ports[i % peers].ask(OpRegister, { name: `bench.method${i}` });

  const [caller, callee] = [ports[0], ports[1]];
  const name = `bench.method${peers + 1}`;
  const body = JSON.stringify({ kind: "bench", text: "x".repeat(70) });
  const timed = async (count) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      callee.take = ([op, id]) => op === OpCall && callee.post(OpResult, { id, body });
      await caller.ask(OpInvoke, { name, body });
    }
    return (performance.now() - start) / count;
  };
  return { calls: timed, close: hub.close };
}
