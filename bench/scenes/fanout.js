/**
 * Measures how long a change takes to its last subscriber. Each subscriber notes when it got the change, by its own
 * clock, and says so on a line of its own to the caller, beside what is measured. The clocks of two processes
 * differ by a constant, which is taken from a hundred exchanges on that line.
 */
const now = () => performance.timeOrigin + performance.now();

const exchanges = 100;

/** The lines to the subscribers, and by how much their clocks are ahead. */
let lines;

/** The subscriber's side: lays the caller's line, and returns what notes a change. */
export function subscriber() {
  let line;
  addEventListener("message", ({ data, ports }) => {
    if (data !== "bench line") return;
    line = ports[0];
    line.onmessage = () => line.postMessage(now());
  });
  return () => line?.postMessage(now());
}

/** The mean of the milliseconds from a change to its last subscriber. */
export async function fanOut(update, value, count) {
  lines ??= await layLines();
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const arrivals = lines.map(({ heard, ahead }) => heard().then((at) => at - ahead));
    const start = now();
    void update({ ...value, n: i });
    sum += Math.max(...(await Promise.all(arrivals))) - start;
  }
  return sum / count;
}

async function layLines() {
  const found = [];
  for (let i = 0; i < top.frames.length; i++) {
    if (top.frames[i] === window) continue;
    const { port1, port2 } = new MessageChannel();
    const heard = () => new Promise((done) => (port1.onmessage = ({ data }) => done(data)));
    top.frames[i].postMessage("bench line", "*", [port2]); // says nothing to anybody
    found.push({ heard, ahead: await aheadOf(port1, heard) });
  }
  return found;
}

/** By how much the clock at the other end is ahead: the median of its time less the middle of the exchange. */
async function aheadOf(port, heard) {
  const found = [];
  for (let i = 0; i < exchanges; i++) {
    const start = now();
    const answer = heard();
    port.postMessage("");
    found.push((await answer) - (start + now()) / 2);
  }
  return found.sort((a, b) => a - b)[exchanges / 2];
}
