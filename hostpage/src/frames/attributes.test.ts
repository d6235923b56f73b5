import { expect, test } from "vitest";
import type { FrameSpec } from "@crossframe/protocol";
import { decideFrame } from "./attributes.js";

const hub = "https://hub.example";
const spec: FrameSpec = {
  instance: "i1",
  app: "claims",
  title: "Claims",
  url: "https://claims.example/start?x=1",
  sandbox: ["allow-scripts", "allow-same-origin"],
  allow: ["clipboard-write", "camera 'self'"],
};

test("attributes follow the spec", () => {
  expect(decideFrame(spec, hub)).toEqual({
    attributes: {
      url: "https://claims.example/start?x=1",
      origin: "https://claims.example",
      sandbox: "allow-scripts allow-same-origin",
      allow: "clipboard-write; camera 'self'",
      title: "Claims",
    },
  });
  expect(decideFrame({ ...spec, title: "", sandbox: [] }, hub)).toMatchObject({ attributes: { title: "claims", sandbox: "" } });
});

test.each<[string, Partial<FrameSpec>, RegExp]>([
  ["a relative URL", { url: "/claims" }, /absolute/],
  ["javascript:", { url: "javascript:alert(1)" }, /absolute http/],
  ["data:", { url: "data:text/html,x" }, /absolute http/],
  ["blob:, which has the page's own origin", { url: "blob:https://hub.example/1" }, /absolute http/],
  ["the page's own origin", { url: "https://hub.example/app" }, /own origin/],
  ["the page's own origin, port written out", { url: "https://HUB.example:443/app" }, /own origin/],
  ["top navigation", { sandbox: ["allow-scripts", "allow-top-navigation-by-user-activation"] }, /replace the main page/],
  ["a token that is two", { sandbox: ["allow-scripts allow-top-navigation"] }, /no sandbox token/],
  ["a feature that is two", { allow: ["camera; microphone"] }, /no feature/],
  ["http in https", { url: "http://claims.example/" }, /https/],
])("refuses %s", (_, change, why) => {
  const decision = decideFrame({ ...spec, ...change }, hub);
  expect(decision).toEqual({ fault: { code: "APP_FAILED", message: expect.stringMatching(why) } });
});

test.each<[string, Partial<FrameSpec>]>([
  ["the page's own origin without allow-same-origin", { url: "https://hub.example/app", sandbox: ["allow-scripts"] }],
  ["another port of the page's host", { url: "https://hub.example:8443/" }],
  ["http on this machine", { url: "http://localhost:8081/" }],
  ["http on this machine by number", { url: "http://127.0.0.1:8081/" }],
])("makes %s", (_, change) => {
  expect(decideFrame({ ...spec, ...change }, hub)).toHaveProperty("attributes");
});
