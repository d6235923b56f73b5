/** Removes what sessions left behind that ended long ago. */
import { liveSessions } from "./session.js";

const PREFIX = "crossframe-";
const LAST_SEEN = "crossframe.sessions";
const KEEP_MS = 7 * 24 * 60 * 60 * 1000;

/** The name of a session's database. */
export function databaseOf(session: string): string {
  return PREFIX + session;
}

/** Notes that the session is alive, and deletes the databases of those that are over and were not seen for a week. */
export async function tidySessions(session: string): Promise<void> {
  const live = await liveSessions();
  try {
    const now = Date.now();
    const seen = { ...read(), [session]: now };
    for (const [id, at] of Object.entries(seen)) {
      if (now - at > KEEP_MS && live && !live.has(id)) {
        indexedDB.deleteDatabase(databaseOf(id));
        delete seen[id];
      }
    }
    localStorage.setItem(LAST_SEEN, JSON.stringify(seen));
  } catch {
    // Storage is switched off, so nothing was kept either.
  }
}

function read(): Record<string, number> {
  const text = localStorage.getItem(LAST_SEEN);
  const value: unknown = text === null ? {} : JSON.parse(text);
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((e): e is [string, number] => typeof e[1] === "number"));
}
