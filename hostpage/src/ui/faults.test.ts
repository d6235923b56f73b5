import { expect, test } from "vitest";
import type { Fault } from "@crossframe/protocol";
import { fixFor } from "./faults.js";

const app = "https://claims.example";
const hub = "https://hub.example";

test.each<[string, string, RegExp]>([
  ["ORIGIN_BLOCKED", "on the block list", /https:\/\/claims\.example off the block list/],
  ["ORIGIN_NOT_ALLOWED", "not on the allow list", /Add https:\/\/claims\.example/],
  ["APP_FAILED", "nothing connected within 20 s", /X-Frame-Options[\s\S]*frame-ancestors https:\/\/hub\.example/],
  ["APP_FAILED", "blocked https://evil.example: not listed in frame-src", /frame-src/],
  ["APP_FAILED", "the sandbox token allow-top-navigation would …", /definition/],
  ["LICENSE_REVOKED", "not admitted", /new license key/],
  ["toString", "a code of tomorrow", /log/],
])("fixFor %s: %s", (code, message, fix) => {
  expect(fixFor({ code: code as Fault["code"], message }, app, hub)).toMatch(fix);
});
