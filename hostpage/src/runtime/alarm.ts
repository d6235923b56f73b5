/** Rings when something is due, by performance.now. */
export class Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at that time at the latest; 0 is never. One that rings earlier is kept: whoever is called says anew when. */
  set(due: number): void {
    if (due === 0 || (this.#timer !== undefined && this.#due <= due)) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#ring();
      },
      Math.max(0, due - performance.now()) + 1,
    );
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
