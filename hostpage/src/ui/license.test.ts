import { expect, test } from "vitest";
import { licenseNotice } from "./license.js";
import type { HubStatus } from "./status.js";

const now = Date.UTC(2027, 3, 19, 12);
const day = 24 * 60 * 60 * 1000;
const status = (change: Partial<HubStatus>): HubStatus => ({ state: "running", nowMs: now, ...change });

test.each<[string, Partial<HubStatus>, boolean, RegExp]>([
  ["expiring", { license: "expiring", licenseUntilMs: now + 11.5 * day }, false, /License: 12 days[\s\S]*in 12 days, on (30 April|1 May) 2027[\s\S]*Nothing stops/],
  ["on its last day", { license: "expiring", licenseUntilMs: now + 5000 }, false, /in 1 day,/],
  ["of a hub that does not say when", { license: "expiring" }, false, /expires soon/],
  ["in grace", { license: "grace", licenseUntilMs: now + 3 * day }, true, /has expired[\s\S]*until 22 April 2027 \(3 days of grace\)[\s\S]*new license key/],
  ["expired under a running hub", { state: "degraded", license: "expired" }, true, /connected go on, and no further one/],
  ["expired at the start", { state: "stopped", license: "expired" }, true, /does not run[\s\S]*reload/],
  ["revoked", { state: "degraded", license: "revoked", licenseUntilMs: now + 15 * 60_000 }, true, /revoked[\s\S]*disconnected at \d\d:\d\d: save your work/],
  ["revoked and over", { state: "degraded", license: "revoked" }, true, /No app is admitted/],
  ["revoked at the start", { state: "stopped", license: "revoked" }, true, /does not run[\s\S]*reload/],
  [
    "not to be verified",
    { state: "degraded", fault: { code: "LICENSE_UNVERIFIED", message: "the revocation list expired on 2027-04-01; have the list signed anew" } },
    true,
    /No further app[\s\S]*The revocation list expired on 2027-04-01; have the list signed anew\.$/,
  ],
  ["missing", { state: "stopped", fault: { code: "LICENSE_MISSING", message: "there is no license key." } }, true, /does not run[\s\S]*There is no license key\.$/],
])("a license that is %s", (_, change, grave, says) => {
  const notice = licenseNotice(status(change));
  expect(notice?.grave).toBe(grave);
  expect(`${notice?.word ?? ""}\n${notice?.title}\n${notice?.text}`).toMatch(says);
});

test.each<Partial<HubStatus>>([{ license: "valid" }, { license: "development" }, {}, { license: "toString" }, { state: "stopped", fault: { code: "HUB_NOT_READY", message: "x" } }])(
  "nothing is said of %o",
  (change) => {
    expect(licenseNotice(status(change))).toBeUndefined();
  },
);
