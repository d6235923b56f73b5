/**
 * Windows tells which frame a window belongs to: the frame's own window, or one nested in it. That is derived from
 * the browser's own tree of windows (`parent` can be read across origins) and never from what a message says.
 */
export class Windows {
  readonly #frames = new Map<object, number>();
  readonly #nested = new Map<number, Nested>();

  add(frame: number, window: object): void {
    this.#frames.set(window, frame);
    this.#nested.set(frame, new Nested());
  }

  remove(frame: number): void {
    for (const [window, number] of this.#frames) if (number === frame) this.#frames.delete(window);
    this.#nested.delete(frame);
  }

  /** Where the window is; undefined for a window that no frame holds. A nested window keeps its number. */
  find(source: unknown): Sender | undefined {
    if (!isWindow(source)) return undefined;
    let window: object | undefined = source;
    for (let level = 0; window !== undefined && level <= maxLevels; level++) {
      const frame = this.#frames.get(window);
      if (frame !== undefined) {
        if (level === 0) return { frame, window: 0 };
        const number = this.#nested.get(frame)?.numberOf(source);
        return number === undefined ? undefined : { frame, window: number };
      }
      window = parentOf(window);
    }
    return undefined;
  }

  /** The nested window of that number, as long as it lives. */
  nested(frame: number, window: number): object | undefined {
    return this.#nested.get(frame)?.windowOf(window);
  }
}

/** Window 0 is the frame's own; others are nested in it. */
export interface Sender {
  readonly frame: number;
  readonly window: number;
}

/** How far up a sender is searched for, and how many nested windows of one frame are told apart at a time. */
const maxLevels = 16;
const maxNested = 64;

/** Nested numbers the windows inside of one frame, from 1. Numbers are not used twice. */
class Nested {
  readonly #numbers = new Map<object, number>();
  #last = 0;

  numberOf(window: object): number | undefined {
    const known = this.#numbers.get(window);
    if (known !== undefined) return known;
    if (this.#numbers.size >= maxNested) this.#forgetClosed();
    if (this.#numbers.size >= maxNested) return undefined;
    this.#numbers.set(window, ++this.#last);
    return this.#last;
  }

  windowOf(number: number): object | undefined {
    for (const [window, n] of this.#numbers) if (n === number) return window;
    return undefined;
  }

  #forgetClosed(): void {
    for (const window of this.#numbers.keys()) if (isClosed(window)) this.#numbers.delete(window);
  }
}

function isWindow(source: unknown): source is object {
  return typeof source === "object" && source !== null && "parent" in source;
}

/** The window around a window; undefined at the top, and where the browser refuses to say. */
function parentOf(window: object): object | undefined {
  try {
    const { parent } = window as { readonly parent?: unknown };
    return isWindow(parent) && parent !== window ? parent : undefined;
  } catch {
    return undefined;
  }
}

function isClosed(window: object): boolean {
  try {
    return (window as { readonly closed?: unknown }).closed === true;
  } catch {
    return true;
  }
}
