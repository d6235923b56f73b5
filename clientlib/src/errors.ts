import type { Code, Fault } from "@crossframe/protocol";

/** Codes that this library gives by itself and that may succeed later without any change. */
const retryableHere: readonly Code[] = ["TIMEOUT", "CANCELLED", "QUOTA_EXCEEDED", "HANDSHAKE_TIMEOUT", "DISCONNECTED"];

/** What an error tells beside its code and message. */
export type ErrorDetails = Partial<Pick<Fault, "retryable" | "supported" | "revision">>;

/**
 * The only error that this library rejects with. Switch on `code`, which is stable and listed in the protocol's
 * documentation; `message` is for the developer and may change.
 */
export class CrossframeError extends Error {
  override readonly name = "CrossframeError";
  declare readonly code: Code;
  /** The same request may succeed later without any change to it. */
  declare readonly retryable: boolean;
  /** The hub's protocol versions, beside PROTOCOL_UNSUPPORTED. */
  declare readonly supported: readonly number[] | undefined;
  /** The current revision, beside REVISION_CONFLICT. */
  declare readonly revision: number | undefined;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message);
    const { retryable = retryableHere.includes(code), supported, revision } = details;
    Object.assign(this, { code, retryable, supported, revision });
  }
}

export function cancelled(): CrossframeError {
  return new CrossframeError("CANCELLED", "cancelled");
}

/** Makes an error of a fault that the hub sent. */
export function fromFault({ code = "INTERNAL", message = "", ...details }: Partial<Fault>): CrossframeError {
  return new CrossframeError(code, message, { retryable: false, ...details });
}

/**
 * Makes the fault that a failed handler answers with. Of a foreign error only the message travels, never its
 * stack: that would show one app's inside to another. A message is cut, so that the answer is never too large.
 */
export function toFault(error: unknown): Fault {
  const { code = "HANDLER_ERROR", retryable } = error instanceof CrossframeError ? error : ({} as Partial<Fault>);
  const message = error instanceof Error ? error.message : String(error);
  return { code, message: message.slice(0, 1000), ...(retryable && { retryable }) };
}

/** Calls every listener. What one of them throws is reported as uncaught, and keeps nobody else from hearing. */
export function tell<A extends readonly unknown[]>(listeners: Iterable<(...args: A) => void>, ...args: A): void {
  for (const listener of listeners) {
    try {
      listener(...args);
    } catch (error) {
      report(error);
    }
  }
}

/** Reports what the app's own code threw as uncaught, without ending the loop that called it. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
