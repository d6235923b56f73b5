import type { HubStatus } from "./status.js";

/** What the page says of its license, where there is something to say. */
export interface LicenseNotice {
  /** Something does not work, or will not before long. */
  readonly grave: boolean;
  /** A few words for the bar, where the notice has no line of its own. */
  readonly word?: string;
  readonly title: string;
  /** What it means, and what to do. */
  readonly text: string;
}

const day = 24 * 60 * 60 * 1000;
const renewal = "Whoever runs this platform can put a new license key in place; it takes effect here within minutes, without a reload.";

/** Says how things stand with the license. Undefined where all is well. */
export function licenseNotice(status: HubStatus): LicenseNotice | undefined {
  const { license = "", fault } = status;
  const notice = Object.hasOwn(notices, license) ? notices[license] : undefined;
  if (notice) return notice(status);
  if (!fault?.code.startsWith("LICENSE_")) return undefined;
  const title = status.state === "stopped" ? "The hub does not run: its license key is refused" : "No further app is admitted: the license key is refused";
  return { grave: true, title, text: sentence(fault.message) };
}

const notices: Readonly<Record<string, (status: HubStatus) => LicenseNotice>> = {
  expiring: (status) => {
    const left = daysLeft(status);
    return {
      grave: false,
      word: left === undefined ? "License expires soon" : `License: ${left}`,
      title: `The license key expires ${left === undefined ? "soon" : `in ${left}, on ${date(status.licenseUntilMs)}`}`,
      text: `Nothing stops before that. ${renewal}`,
    };
  },
  grace: (status) => ({
    grave: true,
    title: "The license key has expired",
    text: `Everything goes on until ${date(status.licenseUntilMs)} (${daysLeft(status) ?? "some days"} of grace). ${renewal}`,
  }),
  expired: ({ state }) => ({
    grave: true,
    title: state === "stopped" ? "The hub does not run: its license key has expired" : "The license key has expired, and its grace days are over",
    text: state === "stopped" ? `${renewal} Then reload this page.` : `Apps that are connected go on, and no further one is admitted. ${renewal}`,
  }),
  revoked: ({ state, licenseUntilMs }) => ({
    grave: true,
    title: state === "stopped" ? "The hub does not run: its license key was revoked" : "The license key was revoked",
    text: revoked(state, licenseUntilMs),
  }),
};

function revoked(state: HubStatus["state"], untilMs: number | undefined): string {
  if (state === "stopped") return `${renewal} Then reload this page.`;
  const now = untilMs === undefined ? "No app is admitted." : `Apps are disconnected at ${time(untilMs)}: save your work. No further one is admitted.`;
  return `${now} ${renewal}`;
}

/** How many days are left, in words; a day that has begun counts. */
function daysLeft({ licenseUntilMs, nowMs = Date.now() }: HubStatus): string | undefined {
  if (licenseUntilMs === undefined) return undefined;
  const days = Math.max(0, Math.ceil((licenseUntilMs - nowMs) / day));
  return days === 1 ? "1 day" : `${days} days`;
}

export function date(ms: number | undefined): string {
  return ms === undefined ? "a day that is not known" : new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

function time(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}
