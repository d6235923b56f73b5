import { expect } from "vitest";
import type { Browser, BrowserContext, Frame, Page } from "playwright-core";
import type { AuditEvent, Definition, InstanceInfo, Limits, Policy } from "@crossframe/protocol";
import type { Platform } from "../../src/runtime/platform.js";
import type { Canary } from "../apps/canary/app.js";
import type {} from "../apps/echo/app.js";
import type {} from "../apps/raw/app.js";
import { appOf } from "./apps.js";
import type { AppKind } from "./apps.js";
import { launchChromium } from "./chromium.js";
import { freePort, issuer, serve } from "./crossframe.js";
import type { Issuer, Serving } from "./crossframe.js";
import { serveSites } from "./sites.js";
import type { Sites } from "./sites.js";

declare global {
  interface Window {
    crossframe?: Platform;
    /** The audit events that the main page saw. */
    audits: AuditEvent[];
  }
}

export interface Setting {
  /** Which app is at which host, named without .test, or an address. The canaries are there anyway. */
  readonly hosts: Readonly<Record<string, AppKind>>;
  /** Definitions of apps; a name alone is an app at http://<name>.test without any settings. */
  readonly apps: (origin: (host: string) => string) => readonly (string | (Partial<Definition> & { readonly name: string }))[];
  readonly policy?: (origin: (host: string) => string) => Policy;
  readonly limits?: Limits;
  /** Hosts to which frames may go though no definition names them. */
  readonly frames?: readonly string[];
  readonly startMs?: number;
  /** Other places that definitions come from. */
  readonly directory?: Readonly<Record<string, unknown>>;
  /** Makes the license key; if absent, one for the page's origin. undefined is none. */
  readonly license?: (keys: Issuer, origin: string) => Promise<string | undefined>;
}

const canaries = ["canary-a", "canary-b"] as const;

/** What only the canaries know: the user's address. It may turn up nowhere else. */
const secret = "canary-7f3a9c@secret.test";

/** A platform as it is deployed: server, license key, apps on sites of their own, a browser. */
export class Rig {
  readonly #serving: Serving;
  readonly #keys: Issuer;
  readonly apps: Sites;
  readonly browser: Browser;
  /** The main page's origin. */
  readonly hub: string;
  /** What another browser needs to see the sites as this one does. */
  readonly browserArgs: readonly string[];
  #desk: Desk | undefined;

  private constructor(serving: Serving, keys: Issuer, apps: Sites, browser: Browser, hub: string, browserArgs: readonly string[]) {
    this.#serving = serving;
    this.#keys = keys;
    this.apps = apps;
    this.browser = browser;
    this.hub = hub;
    this.browserArgs = browserArgs;
  }

  static async start(setting: Setting): Promise<Rig> {
    const port = await freePort();
    const hub = `http://hub.test:${port}`;
    const hosts: Readonly<Record<string, AppKind>> = { "canary-a": "canary", "canary-b": "canary", ...setting.hosts };
    const apps = await serveSites((host) => {
      const kind = hosts[host.replace(/\.test$/, "")];
      return kind && appOf(kind, hub);
    });
    const origin = (host: string): string => apps.origin(fullName(host));
    const keys = await issuer();
    const license = setting.license ?? (() => keys.issue(hub));
    const key = await license(keys, hub);
    if (key !== undefined) await keys.use(key);
    const serving = await serve({
      listen: `127.0.0.1:${port}`,
      publicOrigins: [hub],
      page: { debug: true, frames: (setting.frames ?? []).map(origin) },
      apps: [...canaries.map((name) => canary(name, origin)), ...setting.apps(origin).map((app) => definition(app, origin))],
      license: { trustedKeysFile: keys.trustedKeysFile, revocationFile: keys.revocationFile, ...(key === undefined ? {} : { keyFile: keys.keyFile }) },
      user: { id: "u1", email: secret },
      ...(setting.policy ? { policy: setting.policy(origin) } : {}),
      ...(setting.limits ? { limits: setting.limits } : {}),
      ...(setting.directory ? { directory: setting.directory } : {}),
      ...(setting.startMs === undefined ? {} : { startMs: setting.startMs }),
    });
    // A license is checked, and tabs are told apart, by what browsers give to secure contexts only.
    const secure = [hub, ...Object.keys(hosts).map(origin)].join(",");
    const args = [`--unsafely-treat-insecure-origin-as-secure=${secure}`];
    return new Rig(serving, keys, apps, await launchChromium(args), hub, args);
  }

  /** The origin of an app's host, named without .test. */
  origin(host: string): string {
    return this.apps.origin(fullName(host));
  }

  /** What the server wrote. */
  get serverOutput(): string {
    return this.#serving.output;
  }

  /** Opens the main page in a profile of its own, and waits until the canaries sing. */
  async open(options: { readonly canaries?: boolean; readonly context?: BrowserContext } = {}): Promise<Desk> {
    const context = options.context ?? (await this.browser.newContext({ viewport: { width: 1280, height: 800 } }));
    const page = await context.newPage();
    const desk = new Desk(this, page);
    await page.goto(this.hub).catch((error: unknown) => {
      throw new Error(`${String(error)}\nThe server wrote: ${this.serverOutput.slice(-2_000)}`);
    });
    await desk.running();
    if (options.canaries ?? true) await desk.startCanaries();
    return desk;
  }

  /** Returns the desk of the test before, emptied, if that one left it healthy; otherwise a new one. */
  async desk(): Promise<Desk> {
    const last = this.#desk;
    this.#desk = undefined;
    if (last && !(await last.clear())) await last.close();
    else if (last) return (this.#desk = last);
    return (this.#desk = await this.open());
  }

  async close(): Promise<void> {
    await this.browser.close();
    await Promise.all([this.#serving.stop(), this.apps.close(), this.#keys.close()]);
  }
}

/** An app that a test opened. */
export interface Opened {
  readonly instance: string;
  readonly frame: Frame;
}

/** One main page with its apps. */
export class Desk {
  readonly page: Page;
  readonly #rig: Rig;
  /** What the page and all its frames wrote to the console, and errors that nobody caught. */
  readonly console: string[] = [];
  readonly uncaught: string[] = [];
  #canaries: Frame[] = [];
  /** Whether the last case was found to have left everything well, and did nothing that counts on. */
  #wellLeft = false;
  /** The lists that the server configured. */
  #policy: Policy = {};

  constructor(rig: Rig, page: Page) {
    this.#rig = rig;
    this.page = page;
    page.on("console", (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.uncaught.push(String(error)));
  }

  /** Waits until the platform runs, and begins to note audit events. */
  async running(): Promise<void> {
    // Until the platform is there, the name means the element of that id.
    await this.page.waitForFunction(() => window.crossframe?.hub !== undefined);
    this.#policy = await this.page.evaluate(async () => {
      window.audits = [];
      await window.crossframe!.hub.audit.watch((event) => window.audits.push(event));
      return window.crossframe!.hub.policy.get();
    });
  }

  async startCanaries(): Promise<void> {
    this.#canaries = [];
    for (const name of canaries) this.#canaries.push((await this.start(name)).frame);
    await Promise.all(this.#canaries.map((frame) => frame.waitForFunction(() => window.canary !== undefined)));
  }

  /** Starts an app. Its frame is there when this resolves, and nothing more. */
  async start(app: string, context?: unknown): Promise<Opened> {
    const attached = this.page.waitForEvent("frameattached", { predicate: (f) => f.parentFrame() === this.page.mainFrame() });
    const started = await this.page.evaluate(
      ([name, value]) => window.crossframe!.hub.apps.start(name as string, { waitFor: "created", ...(value === undefined ? {} : { context: value }) }),
      [app, context],
    );
    return { instance: started.instance, frame: await attached };
  }

  /** Starts an app of the kind raw and waits until it can be told what to do. */
  async raw(app = "raw"): Promise<Opened> {
    const opened = await this.start(app);
    await opened.frame.waitForFunction(() => "raw" in window);
    return opened;
  }

  /** Starts an app of the kind raw, connects it, and waits until the hub counts it as connected. */
  async connected(app = "raw"): Promise<Opened> {
    const opened = await this.raw(app);
    await opened.frame.evaluate(() => window.raw.connect().then(() => undefined));
    await this.state(opened.instance, "connected");
    return opened;
  }

  /** Starts an app of the kind echo and waits until it is connected. */
  async echo(app = "echo"): Promise<Opened> {
    const opened = await this.start(app);
    await opened.frame.waitForFunction(() => "hub" in window);
    await this.state(opened.instance, "connected");
    return opened;
  }

  async stop({ instance }: Opened): Promise<void> {
    await this.page.evaluate((id) => window.crossframe!.hub.apps.stop(id), instance);
  }

  instances(): Promise<readonly InstanceInfo[]> {
    return this.page.evaluate(() => window.crossframe!.hub.apps.instances());
  }

  /** Waits until an instance is in a state, and returns all about it. */
  async state(instance: string, state: string): Promise<InstanceInfo> {
    return expect
      .poll(async () => (await this.instances()).find((one) => one.instance === instance && one.state === state), { timeout: 15_000, interval: 20 })
      .toBeDefined()
      .then(async () => (await this.instances()).find((one) => one.instance === instance) as InstanceInfo);
  }

  /** Waits until the main page saw an audit event of the code, of that app where one is named, and returns it. */
  async audit(code: string, app?: string): Promise<AuditEvent> {
    const found = await this.page.waitForFunction(
      ([c, a]) => window.audits.find((event) => event.code === c && (a === undefined || event.app === a)),
      [code, app] as const,
    );
    return (await found.jsonValue()) as AuditEvent;
  }

  audits(): Promise<readonly AuditEvent[]> {
    return this.page.evaluate(() => window.audits);
  }

  /** Waits until both canaries have had some more answers, and returns the slowest one since the last look, in milliseconds. */
  async sing(): Promise<number> {
    const slowest = await Promise.all(
      this.#canaries.map(async (frame) => {
        const from = await frame.evaluate(() => window.canary!.calls);
        await frame.waitForFunction((n) => window.canary!.calls >= n + 5, from, { timeout: 10_000, polling: 20 });
        return frame.evaluate(() => {
          const { slowest } = window.canary as Canary;
          window.canary!.slowest = 0;
          return slowest;
        });
      }),
    );
    return Math.max(...slowest);
  }

  /**
   * What must hold after every case, whatever it did: the canaries' calls all succeeded, but for codes that the case
   * entails; their secret is nowhere else; the audit is bounded and holds no payload; no error is uncaught; hub and
   * server run.
   */
  async healthy(allowed: readonly string[] = []): Promise<void> {
    await this.sing();
    const errors = (await Promise.all(this.#canaries.map((frame) => frame.evaluate(() => window.canary!.errors)))).flat();
    expect(errors.filter((code) => !allowed.includes(code)), "calls of the canaries that failed").toEqual([]);
    await this.keptSecret();
    await this.#soundAudit();
    expect(this.uncaught, "uncaught errors").toEqual([]);
    expect(await this.page.locator(".cf-status").textContent(), "state of the hub").toBe("Hub: Running");
    // The hub counts how often its program ended, so a page in which it did serves no other case.
    this.#wellLeft = allowed.length === 0;
  }

  /**
   * Stops all apps but the canaries and forgets what was noted; false where a case did not leave the desk well. Shared
   * contexts stay, so each case has names of its own.
   */
  async clear(): Promise<boolean> {
    if (!this.#wellLeft) return false;
    this.#wellLeft = false;
    for (const page of this.page.context().pages()) if (page !== this.page) await page.close();
    const empty = async ([keep, lists]: readonly [readonly string[], Policy]): Promise<void> => {
      const { apps, policy } = window.crossframe!.hub;
      await policy.set(lists);
      for (const { app, instance } of await apps.instances()) if (!keep.includes(app)) await apps.stop(instance);
      while ((await apps.instances()).length > keep.length) await new Promise((resolve) => setTimeout(resolve, 5));
      window.audits.length = 0;
    };
    await this.page.evaluate(empty, [canaries, this.#policy] as const);
    this.console.length = 0;
    return true;
  }

  /** Audit events say when, what, and who, and no more than that; of one code there are ten in a second of the hub's clock. */
  async #soundAudit(): Promise<void> {
    const events = await this.audits();
    const seconds = new Map<string, number>();
    for (const event of events) {
      expect(["timeMs", "code", "origin", "app", "instance", "dropped"], "fields of an audit event").toEqual(expect.arrayContaining(Object.keys(event)));
      const second = `${event.code} ${Math.floor(event.timeMs / 1000)}`;
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
    }
    // Seconds of the wall clock fall into two of the hub's.
    expect([...seconds].filter(([, count]) => count > 20), "audit events of one code in a second").toEqual([]);
  }

  /** The canaries' secret is in no console, no server output, and nothing that the apps under test ever heard. */
  async keptSecret(): Promise<void> {
    for (const frame of this.page.frames().filter((f) => !this.#canaries.includes(f))) {
      const heard = await frame
        .evaluate(() => ("raw" in window ? JSON.stringify([window.raw.inbox, window.raw.ports.map((port) => port.heard)]) : ""))
        .catch(() => "");
      expect(heard, `heard by ${frame.url()}`).not.toContain(secret);
    }
    expect(this.console.join("\n"), "the console").not.toContain(secret);
    const told = await this.page.evaluate(() => JSON.stringify([window.audits, performance.getEntriesByType("resource").map(({ name }) => name)]));
    for (const form of [secret, encodeURIComponent(secret)]) expect(told, "audit events and addresses").not.toContain(form);
    expect(this.#rig.serverOutput, "the server's output").not.toContain(secret);
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

function fullName(host: string): string {
  return host.includes(".") ? host : `${host}.test`;
}

function canary(name: string, origin: (host: string) => string): Definition {
  const grants = { offer: ["canary.*"], invoke: ["canary.*"], readContexts: ["canary.*"], writeContexts: ["canary.*"] };
  return { name, url: `${origin(name)}/`, seesUser: true, grants };
}

function definition(app: string | (Partial<Definition> & { readonly name: string }), origin: (host: string) => string): Definition {
  if (typeof app === "string") return { name: app, url: `${origin(app)}/` };
  return { url: `${origin(app.name)}/`, ...app };
}
