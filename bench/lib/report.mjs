// Collects rows, prints them for people and writes them for programs.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { dirname } from "node:path";

export class Report {
  #rows = [];
  #loads = [];

  /**
   * Takes a row: {id, name, value, low, high, baseline, limit?, atLeast?, unit?}. It is ok where the value is at most
   * the limit, or at least where atLeast is set; a row without a limit is for information.
   */
  add = ({ atLeast = false, unit = "", limit, low, high, ...row }) => {
    const ok = limit === undefined || (atLeast ? row.value >= limit : row.value <= limit);
    const full = { id: row.id, name: row.name, value: row.value, low: low ?? row.value, high: high ?? row.value, limit, baseline: row.baseline, ok };
    this.#rows.push(full);
    this.#loads.push(loadavg()[0]);
    console.log(line(full, atLeast, unit));
  };

  /** Writes the result file. Rows without a limit have `null` there. */
  write(path) {
    const machine = {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? "",
      memoryBytes: totalmem(),
      system: `${process.platform} ${release()}`,
      node: process.version,
      loads: { low: Math.min(...this.#loads), high: Math.max(...this.#loads) },
    };
    const rows = this.#rows.map((row) => ({ ...row, limit: row.limit ?? null }));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
    const missed = rows.filter(({ ok }) => !ok).length;
    console.log(`\n${rows.length} rows, ${missed} over their limit; ${machine.cpus} processors, load ${machine.loads.low.toFixed(1)} to ${machine.loads.high.toFixed(1)}`);
  }
}

export const heading = `${"id".padEnd(4)}${"what".padEnd(66)}${"against".padEnd(24)}${"value".padStart(8)}  ${"95 % interval".padEnd(16)}${"limit".padEnd(9)}ok`;

function line({ id, name, value, low, high, limit, baseline, ok }, atLeast, unit) {
  const wanted = limit === undefined ? "" : `${atLeast ? "≥" : "≤"} ${number(limit)}`;
  const verdict = limit === undefined ? "–" : ok ? "yes" : "NO";
  return `${id.padEnd(4)}${name.padEnd(66)}${baseline.padEnd(24)}${number(value).padStart(8)}  ${`${number(low)} – ${number(high)}`.padEnd(16)}${wanted.padEnd(9)}${verdict} ${unit}`.trimEnd();
}

const number = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2));
