/**
 * Tells what time it is, whatever the clock of this computer says: by the server's clock, where the page could read it, and from
 * there by the time that has passed.
 */
export class WallClock {
  #baseMs: number;
  #dateMs = Date.now();
  #atMs = performance.now();

  /**
   * @param serverMs the server's clock, in milliseconds since 1970, where it is known
   * @param floorMs a time that has been already: it holds where the server's clock is not known and the computer's is behind
   */
  constructor(serverMs: number | undefined, floorMs = 0) {
    this.#baseMs = serverMs ?? Math.max(this.#dateMs, floorMs);
  }

  /** Takes the server's clock anew. */
  set(serverMs: number): void {
    this.#baseMs = serverMs;
    this.#dateMs = Date.now();
    this.#atMs = performance.now();
  }

  /**
   * Milliseconds since 1970. A computer that sleeps may stop the one clock, somebody may set the other one back: the time that has passed is
   * what the later of them says.
   */
  now(): number {
    return this.#baseMs + Math.max(performance.now() - this.#atMs, Date.now() - this.#dateMs, 0);
  }
}
