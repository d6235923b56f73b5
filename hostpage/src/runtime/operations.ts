/** What the guard needs of the message table, as arrays by operation number. */
import { ops } from "@crossframe/protocol";

const request = new Uint8Array(256);
const charged = new Uint8Array(256);
const answer = new Uint8Array(256);

for (const info of ops) {
  if (info.fromApp && info.reply) request[info.op] = 1;
  // Answers to calls are not charged: an app that serves others cannot choose how many calls it gets.
  if (info.fromApp && info.charged) charged[info.op] = 1;
  if (info.answers) answer[info.op] = 1;
}

/** Whether an app's message of this operation wants an answer. */
export function isRequest(op: number): boolean {
  return request[op] === 1;
}

/** Whether it takes a token of the sender's bucket. */
export function isCharged(op: number): boolean {
  return charged[op] === 1;
}

/** Whether the hub's message of this operation ends a request. */
export function isAnswer(op: number): boolean {
  return answer[op] === 1;
}
