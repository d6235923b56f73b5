/**
 * Names the session of this browser tab, so that what was shared in it is found again after a reload of the page. A
 * duplicated tab inherits sessionStorage; the Web Lock on the name tells it apart and gives it a name of its own.
 */
const KEY = "crossframe.session";

/** Returns the session's id, and holds it as long as the page lives. */
export async function claimSession(): Promise<string> {
  const kept = read();
  const id = kept !== undefined && (await claim(kept)) ? kept : newId();
  if (id !== kept) {
    await claim(id);
    write(id);
  }
  return id;
}

/**
 * Takes the lock of an id; false where another tab has it. Without Web Locks (no secure context, or people block all
 * storage) the id is taken.
 */
function claim(id: string): Promise<boolean> {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const held = locks.request(`${KEY}.${id}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      // The lock is held until the page ends.
      return lock === null ? undefined : new Promise<void>(() => undefined);
    });
    held.catch(() => resolve(true));
  });
}

/** The sessions of all tabs that are open; undefined where the browser does not tell. */
export async function liveSessions(): Promise<ReadonlySet<string> | undefined> {
  const { locks } = navigator as { locks?: LockManager };
  const held = (await locks?.query().catch(() => undefined))?.held;
  return held && new Set(held.map((lock) => lock.name?.slice(KEY.length + 1) ?? ""));
}

/** Gives the session up: when the page is loaded again, the tab begins another one. */
export function forgetSession(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There is nothing to forget.
  }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function read(): string | undefined {
  try {
    const id = sessionStorage.getItem(KEY);
    return id !== null && /^[0-9a-f]{24}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function write(id: string): void {
  try {
    sessionStorage.setItem(KEY, id);
  } catch {
    // Storage is switched off: the session then ends with the page.
  }
}
