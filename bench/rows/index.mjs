import { exchange } from "./exchange.mjs";
import { fanOut } from "./fanout.mjs";
import { flood } from "./flood.mjs";
import { growth } from "./growth.mjs";
import { invoke } from "./invoke.mjs";
import { many } from "./many.mjs";
import { sizes } from "./sizes.mjs";
import { start } from "./start.mjs";
import { throughput } from "./throughput.mjs";

/** What there is to measure, in the order of a whole run, each with the goals that it serves. */
export const rows = [
  { name: "invoke", goals: ["P1", "P2", "P5"], run: invoke },
  { name: "throughput", goals: ["P2"], run: throughput },
  { name: "exchange", goals: ["P5"], run: exchange },
  { name: "fanout", goals: ["P3"], run: fanOut },
  { name: "growth", goals: ["P4"], run: growth },
  { name: "sizes", goals: ["P6"], run: sizes },
  { name: "start", goals: ["P7"], run: start },
  { name: "flood", goals: ["P8"], run: flood },
  { name: "many", goals: ["P9"], run: many },
];
