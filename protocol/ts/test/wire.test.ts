import { describe, expect, it } from "vitest";
import {
  defaultLimits,
  OpCancel,
  OpEnd,
  OpError,
  OpInvoke,
  OpProve,
  OpReply,
  OpResult,
  ops,
  reserved,
  validName,
  versions,
  type Ack,
  type MethodInfo,
} from "../src/index.js";
import { vectors } from "./vectors.js";

describe("payloads", () => {
  interface PayloadVector {
    readonly struct: string;
    readonly text: string;
    readonly js: string;
  }

  it.each(vectors<PayloadVector>("payloads.json"))("$struct: $text", ({ text, js }) => {
    const value: unknown = JSON.parse(text);
    expect(JSON.parse(js)).toEqual(value);
    expect(JSON.stringify(value)).toBe(js);
  });

  it("have types that fit what the hub sends", () => {
    const me = { peer: 3, instance: "i", app: "crm", origin: "https://crm.example" };
    const ack: Ack = { connectionId: "c", version: 1, hub: "h", me, limits: defaultLimits };
    const method: MethodInfo = { name: "m", peer: ack.me, accepts: { type: "object", required: ["a"] } };
    expect(method.peer.title).toBeUndefined();
  });
});

describe("validName and reserved", () => {
  interface NameVector {
    readonly name: string;
    readonly valid: boolean;
    readonly reserved?: boolean;
    readonly why: string;
  }

  it.each(vectors<NameVector>("names.json"))("$name: $why", (c) => {
    expect(validName(c.name)).toBe(c.valid);
    expect(reserved(c.name)).toBe(c.reserved ?? false);
  });
});

describe("versions", () => {
  interface VersionVector {
    readonly offered: readonly number[];
    readonly version: number;
    readonly why: string;
  }

  it.each(vectors<VersionVector>("versions.json"))("$offered: $why", ({ offered, version }) => {
    expect(versions.find((ours) => offered.includes(ours)) ?? 0).toBe(version);
  });
});

describe("the message table", () => {
  const row = (op: number) => ops.find((info) => info.op === op);

  it("says what the guard asks", () => {
    expect(row(OpInvoke)).toEqual({ op: 22, name: "interop.invoke", fromApp: true, reply: true, charged: true });
    expect(row(OpCancel)).toEqual({ op: 26, name: "interop.cancel", fromApp: true, charged: true });
    expect(row(OpResult)).toEqual({ op: 24, name: "interop.result", fromApp: true, answers: true });
    expect(row(OpProve)).toEqual({ op: 3, name: "session.prove", fromApp: true, beforeReady: true });
    expect([OpReply, OpError, OpEnd].map((op) => row(op)?.answers)).toEqual([true, true, true]);
  });
});
