import { FIELDS, MaxTuplesPerFrame, type Message } from "@crossframe/protocol";

/** Makes an outbox: what is put into it within one task leaves in one post. */
export function createOutbox() {
  let port: MessagePort | undefined;
  let frame: unknown[] = [];
  let buffers: ArrayBuffer[] = [];
  let due = false;

  const flush = () => {
    due = false;
    if (frame.length < FIELDS) return;
    const [full, moved] = [frame, buffers];
    frame = [full[0]];
    buffers = [];
    if (moved.length > 0) port?.postMessage(full, moved);
    else port?.postMessage(full);
  };

  return {
    /** Begins with a port, or ends with none. What was put in and has not left is forgotten. */
    open(to?: MessagePort, connectionId?: string) {
      port = to;
      frame = [connectionId];
      buffers = [];
    },

    /** Adds a message to the frame of this task. It leaves in a microtask, so that a lone message never waits. */
    put(message: Message) {
      frame.push(...message);
      if (message[6] instanceof ArrayBuffer) buffers.push(message[6]);
      if (frame.length > MaxTuplesPerFrame * FIELDS) flush();
      if (!due) queueMicrotask(flush);
      due = true;
    },

    flush,
  };
}
