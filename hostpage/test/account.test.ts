import { expect, test } from "vitest";

import { toldOnce } from "../src/runtime/account.js";

test("a source of tokens that fails is told once, until it has brought a token again", async () => {
  const answers: (string | Error)[] = [];
  const told: string[] = [];
  const source = toldOnce(() => {
    const answer = answers.shift() ?? new Error("nothing is left");
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }, (reason) => told.push(reason));
  const ask = async (...next: (string | Error)[]) => {
    answers.push(...next);
    const tokens = [];
    for (const _ of next) tokens.push(await source());
    return tokens;
  };
  expect(await ask(new Error("503"), new Error("503"), "", new Error("still 503"))).toEqual(["", "", "", ""]);
  expect(told).toEqual(["503"]);
  expect(await ask("a token", new Error("502"), new Error("502"))).toEqual(["a token", "", ""]);
  expect(told).toEqual(["503", "502"]);
});
