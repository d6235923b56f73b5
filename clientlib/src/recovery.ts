import type { Connection } from "./connection.js";
import { CrossframeError } from "./errors.js";
import type { Entry, Lost, StandingRequests } from "./standing.js";

/** The session as recovery sees it. */
export interface Recoverable {
  open(): Promise<void>;
  close(error?: CrossframeError): void;
  lose(error: CrossframeError, bye: boolean): void;
  /** Whether there is nothing to recover: it is over, or connecting for the first time. */
  busy(): boolean;
  /** Tells that everything is back, but for what is listed. */
  back(lost: readonly Lost[]): void;
  readonly connection: Connection;
  readonly standing: StandingRequests;
  /** It goes on trying for ever. */
  readonly patient: boolean | undefined;
  /** Whether it recovers without being asked to. */
  readonly byItself: boolean;
}

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/** How often to try to connect again. */
const retries = 4;
/** A connection that is taken away again so soon after the last time is not asked for once more. */
const revokedAgainMs = 60_000;

/** Brings a session back after the loss of its port: connects again, and asks for everything that stood. */
export function createRecovery({ open, close, lose, busy, back, connection, standing, patient, byItself }: Recoverable) {
  let recovering = false;
  let revokedAt = -Infinity;

  /** Connects again, several times where that may help; the pause between two attempts doubles. */
  const recover = async (pause: number) => {
    recovering = true;
    for (let left = patient ? Infinity : retries; ; pause = Math.min(pause * 2 || firstRetryMs, longestRetryMs)) {
      // At random, because those who lost a server together must not come back together.
      if (pause) await new Promise((resolve) => setTimeout(resolve, patient ? pause * Math.random() : pause));
      if (busy()) return;
      try {
        await open();
        break;
      } catch (error) {
        if (!--left || !(error as CrossframeError).retryable) return close(error as CrossframeError);
      }
    }
    recovering = false;
    const lost = await restore(standing);
    if (connection.attached()) back(lost);
  };

  return {
    /** Gives the port up and connects anew. */
    renew() {
      if (busy() || recovering) return;
      lose(new CrossframeError("DISCONNECTED", "connecting anew"), true);
      void recover(0);
    },

    /** Takes the hub's refusal of a connection that it had granted. False means that there is no use in another one. */
    refused({ code }: CrossframeError): boolean {
      const now = performance.now();
      const again = code === "SESSION_REVOKED" && now - revokedAt > revokedAgainMs;
      if (again) revokedAt = now;
      const goesOn = byItself && (again || code === "HUB_NOT_READY" || code === "SESSION_EXPIRED");
      if (goesOn) void recover(firstRetryMs);
      return goesOn;
    },
  };
}

/** Asks for everything again, on a new port. Resolves with what the hub did not grant; never rejects. */
async function restore({ entries, ask, lose }: StandingRequests): Promise<readonly Lost[]> {
  const lost: Lost[] = [];
  const again = async (entry: Entry) => {
    try {
      await ask(entry);
    } catch (error) {
      // Lost once more before it was answered: it is asked for with the rest, next time.
      if ((error as CrossframeError).code === "DISCONNECTED") return;
      lost.push(lose(entry, error as CrossframeError));
    }
  };
  await Promise.all([...entries.values()].map(again));
  return lost;
}
