import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Frame } from "playwright-core";
import { Rig } from "./rig/platform.js";
import type { Desk, Opened } from "./rig/platform.js";

// A connection belongs to a document. Frames navigate, reload, vanish and refuse; ports outlive their documents; what an
// app's frame may do is for its definition to say.
//
// `elsewhere` is an origin that the page's policy lets frames show and no definition names: there the browser stops
// nobody, and the challenge alone has to. `evil` is an origin that the policy does not name.

let rig: Rig;
let desk: Desk;

/** A document has two seconds to prove itself; this is for what the machine adds. */
const revokedWithinMs = 2_000 + 2_000;

beforeAll(async () => {
  rig = await Rig.start({
    hosts: { raw: "raw", other: "raw", evil: "raw", elsewhere: "raw", echo: "echo", echo2: "echo" },
    frames: ["elsewhere"],
    apps: (origin) => [
      "raw",
      "other",
      "echo",
      "echo2",
      { name: "wide", url: `${origin("raw")}/`, origins: [origin("raw"), origin("other")] },
      { name: "leaver", url: `${origin("raw")}/leaves?to=${origin("evil")}/` },
      { name: "refuses", url: `${origin("raw")}/refuses` },
      { name: "ancestors", url: `${origin("raw")}/ancestors` },
      { name: "silent", url: `${origin("raw")}/silent` },
      { name: "coop", url: `${origin("echo")}/coop` },
      { name: "strict", url: `${origin("raw")}/`, frame: { sandbox: ["allow-scripts", "allow-same-origin"] } },
      { name: "camera", url: `${origin("raw")}/`, frame: { allow: ["camera", "clipboard-write"] } },
    ],
  });
});
afterAll(() => rig.close());
beforeEach(async () => {
  desk = await rig.desk();
});

/** Sends a frame elsewhere, as its own script would, and waits until the raw app runs there. */
async function goTo(frame: Frame, origin: string): Promise<void> {
  await frame.evaluate((url) => void (location.href = url), origin);
  await frame.waitForURL(`${origin}/`);
  await frame.waitForFunction(() => "raw" in window);
}

/** Waits until the hub took an instance's connection away, and returns how long that took, in milliseconds. */
async function revoked({ instance }: Opened): Promise<number> {
  const from = Date.now();
  expect((await desk.state(instance, "refused")).reason?.code).toBe("SESSION_REVOKED");
  expect(await desk.audit("SESSION_REVOKED")).toMatchObject({ instance });
  return Date.now() - from;
}

const contexts = (): Promise<string> =>
  desk.page.evaluate(async () => (await window.crossframe!.hub.contexts.list()).map(({ name }) => name).join(" "));

test("an app cannot take its frame to an origin that the page's policy does not name", async () => {
  const app = await desk.connected();
  const from = Date.now();
  await app.frame.evaluate((url) => void (location.href = url), rig.origin("evil"));
  const { reason } = await desk.state(app.instance, "failed");
  expect(Date.now() - from).toBeLessThan(revokedWithinMs);
  expect(reason).toMatchObject({ code: "APP_FAILED", message: expect.stringContaining(rig.origin("evil")) });
  expect(await desk.audit("SESSION_REVOKED", "raw")).toMatchObject({ instance: app.instance });
  expect(desk.page.frames().some((frame) => frame.url().startsWith(rig.origin("evil")))).toBe(false);
  expect(await desk.page.locator(".cf-toast", { hasText: rig.origin("evil") }).count()).toBeGreaterThan(0);
  await desk.healthy();
});

test("where the policy lets a frame go, the document that it went to gets nothing, and the connection ends", async () => {
  const app = await desk.connected();
  await goTo(app.frame, rig.origin("elsewhere"));
  expect(await revoked(app)).toBeLessThan(revokedWithinMs);
  // The challenge was posted to this very window, with the app's origin as its target. With "*" it would be here.
  expect(await app.frame.evaluate(() => window.raw.inbox)).toEqual([]);
  expect(await app.frame.evaluate(async () => (await window.raw.greet().ended()).code)).toBe("ORIGIN_MISMATCH");
  await desk.healthy();
});

test("a document that greets and leaves at once: what takes its place sees no answer", async () => {
  const { frame, instance } = await desk.raw();
  await frame.evaluate((url) => {
    window.raw.greet();
    location.href = url;
  }, rig.origin("elsewhere"));
  await frame.waitForURL(`${rig.origin("elsewhere")}/`);
  await frame.waitForFunction(() => "raw" in window);
  expect(await desk.audit("SESSION_REVOKED", "raw")).toMatchObject({ instance, origin: rig.origin("raw") });
  expect((await desk.instances()).find((one) => one.instance === instance)?.peer ?? 0).toBe(0);
  expect(await frame.evaluate(() => [window.raw.inbox, window.raw.ports])).toEqual([[], []]);
  await desk.healthy();
});

test("a redirect at launch to an origin that nobody registered is not loaded, and the panel says why", async () => {
  const { instance } = await desk.start("leaver");
  const { reason } = await desk.state(instance, "failed");
  expect(reason).toMatchObject({ code: "APP_FAILED", message: expect.stringContaining(rig.origin("evil")) });
  expect(desk.page.frames().some((frame) => frame.url().startsWith(rig.origin("evil")))).toBe(false);
  await expect.poll(() => desk.page.locator(".cf-card").textContent()).toContain("frame-src");
  await desk.healthy();
});

test("a frame that goes to another app's origin does not become that app, nor stay what it was", async () => {
  const app = await desk.connected();
  const before = await app.frame.evaluate(() => window.raw.last.id);
  await goTo(app.frame, rig.origin("other"));
  expect(await app.frame.evaluate(async () => (await window.raw.greet().ended()).code)).toBe("ORIGIN_MISMATCH");

  // Where the definition names both origins, the new document is a connection of its own, under its own origin.
  const wide = await desk.connected("wide");
  await goTo(wide.frame, rig.origin("other"));
  const ack = await wide.frame.evaluate(async () => (await window.raw.connect()).ack);
  expect(ack?.me).toMatchObject({ app: "wide", instance: wide.instance, origin: rig.origin("other") });
  expect(ack?.connectionId).not.toBe(before);
  await desk.healthy();
});

test("a port that outlives its document, kept by a SharedWorker, is dead for the hub", async () => {
  for (const end of ["leaves", "removed"] as const) {
    const app = await desk.connected();
    const holder = await desk.raw(); // As long as this document of the app lives, the worker does.
    const tell = (message: object, withPort = false): Promise<{ heard: unknown[][] }> =>
      (withPort ? app : holder).frame.evaluate(
        ([m, hand]) => {
          const worker = new SharedWorker("/keeper.js");
          return new Promise<{ heard: unknown[][] }>((resolve) => {
            worker.port.onmessage = ({ data }) => resolve(data as { heard: unknown[][] });
            worker.port.postMessage(m, hand ? [window.raw.last.port] : []);
          });
        },
        [message, withPort] as const,
      );
    const id = await app.frame.evaluate(() => window.raw.last.id);
    const write = (name: string): unknown[] => [id, 41, 77, 0, 0, name, "", "{}"];
    await tell({}); // The holder is connected to the worker before the first one goes.
    await tell({ keep: true }, true);
    await tell({ post: write(`kept.before.${end}`) });
    await expect.poll(contexts).toContain(`kept.before.${end}`); // The port works from there: that is what browsers allow.

    if (end === "leaves") {
      await goTo(app.frame, rig.origin("elsewhere"));
      await revoked(app);
    } else {
      await desk.stop(app);
      await expect.poll(async () => (await desk.instances()).some(({ instance }) => instance === app.instance)).toBe(false);
    }
    const { heard } = await tell({ post: write(`kept.after.${end}`) });
    expect(heard.at(-1)?.[1], "the last that the port heard is that it ended").toBe(2);
    await holder.frame.evaluate(() => window.raw.connect().then((port) => port.code(window.wire.OpContextList)));
    expect(await contexts()).not.toContain("kept.after");
    await desk.stop(holder);
  }
  await desk.healthy();
});

test("an app that reloads is the same instance again, with each method and subscription once", async () => {
  const app = await desk.echo();
  const watcher = await desk.echo("echo2");
  const boot = await app.frame.evaluate(() => window.echo.boot);
  for (let round = 0; round < 2; round++) {
    await app.frame.evaluate(() => location.reload());
    await app.frame.waitForFunction((old) => window.echo?.boot !== old && "hub" in window, boot);
  }
  await desk.state(app.instance, "connected");
  const methods = await watcher.frame.evaluate(() => window.hub.interop.methods({ name: "echo.echo" }));
  expect(methods.map(({ peer }) => peer.instance)).toEqual([app.instance]);
  const answers = await watcher.frame.evaluate(() => window.hub.interop.invokeAll("echo.echo", 1));
  expect(answers).toHaveLength(1);

  const heard = await app.frame.evaluate(async () => {
    const values: unknown[] = [];
    await window.hub.contexts.subscribe<{ n?: number }>("reload", (value) => values.push(value?.n));
    await window.hub.contexts.set("reload", { n: 1 });
    await window.hub.contexts.set("reload", { n: 2 });
    return values;
  });
  expect(heard).toEqual([undefined, 1, 2]);
  expect((await desk.instances()).filter(({ app: name }) => name === "echo")).toHaveLength(1);
  await desk.healthy();
});

test("calls of a frame that is removed end once, on both sides", async () => {
  const [one, two] = [await desk.echo(), await desk.echo("echo2")];
  // two serves a call that never ends, and calls such a method of one.
  await two.frame.evaluate(() => window.hub.interop.register("hang.two", () => new Promise(() => undefined)));
  await one.frame.evaluate(async () => {
    const seen = ((window as unknown as { seen: string[] }).seen = [] as string[]);
    await window.hub.interop.register("hang.one", (_, call) => {
      call.signal.addEventListener("abort", () => seen.push("aborted"));
      seen.push("called");
      return new Promise(() => undefined);
    });
    window.hub.interop.invoke("hang.two").then(
      () => seen.push("answered"),
      ({ code }: { code: string }) => seen.push(code),
    );
  });
  await two.frame.evaluate(() => void window.hub.interop.invoke("hang.one").catch(() => undefined));
  const seen = (): Promise<string[]> => one.frame.evaluate(() => (window as unknown as { seen: string[] }).seen);
  await expect.poll(seen).toEqual(["called"]);
  await desk.stop(two);
  await expect.poll(async () => (await seen()).sort()).toEqual(["TARGET_GONE", "aborted", "called"]);
  expect(await one.frame.evaluate(() => window.hub.interop.invoke("hang.two").catch(({ code }: { code: string }) => code))).toBe("METHOD_NOT_FOUND");
  expect(await seen()).toHaveLength(3);
  await desk.healthy();
});

test("an app that refuses to be framed, or greets nobody, is told as failed within its time, with a hint", async () => {
  for (const [app, hint] of [["refuses", /X-Frame-Options/], ["ancestors", /frame-ancestors/], ["silent", /client library/]] as const) {
    const from = Date.now();
    const failed = await desk.page.evaluate(
      (name) => window.crossframe!.hub.apps.start(name, { timeout: 1500 }).then(() => "started", ({ code, message }: { code: string; message: string }) => `${code} ${message}`),
      app,
    );
    expect(Date.now() - from).toBeLessThan(8_000);
    expect(failed).toMatch(/^APP_FAILED/);
    expect(failed).toMatch(hint);
    await expect.poll(async () => (await desk.page.locator(".cf-card:visible").allTextContents()).join()).toContain("HANDSHAKE_TIMEOUT");
  }
  await desk.healthy();
});

test("an app with Cross-Origin-Opener-Policy works in a frame", async () => {
  await desk.echo("coop");
  await desk.healthy();
});

test("no app navigates the main page away", async () => {
  const { frame } = await desk.connected();
  const direct = await frame.evaluate((url) => {
    try {
      (top as Window).location.href = url;
      return "assigned";
    } catch (error) {
      return (error as Error).name;
    }
  }, rig.origin("evil"));
  expect(direct).toBe("SecurityError");
  await frame.evaluate((url) => {
    window.open(url, "_top");
    const form = Object.assign(document.createElement("form"), { action: url, target: "_top" });
    document.body.append(form);
    form.submit();
    const link = Object.assign(document.createElement("a"), { href: url, target: "_top" });
    document.body.append(link);
    link.click();
  }, rig.origin("evil"));
  // Each attempt is answered by a line in the console; when they are there, nothing else will happen.
  await expect.poll(() => desk.console.filter((line) => /navigate the top|sandbox/i.test(line)).length).toBeGreaterThanOrEqual(3);
  expect(desk.page.url()).toBe(`${rig.hub}/`);
  await desk.healthy();
});

test("popups and dialogs only where the definition's sandbox has them", async () => {
  const open = (frame: Frame): Promise<boolean> => frame.evaluate(() => window.open("about:blank") !== null);
  let dialogs = 0;
  desk.page.on("dialog", (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
  const strict = await desk.connected("strict");
  expect(await open(strict.frame)).toBe(false);
  await strict.frame.evaluate(() => alert("x"));
  expect(dialogs).toBe(0);
  const usual = await desk.connected();
  expect(await open(usual.frame)).toBe(true);
  await usual.frame.evaluate(() => alert("x"));
  expect(dialogs).toBe(1);
  await desk.healthy();
});

test("downloads only where the definition's sandbox has them", async () => {
  const names: string[] = [];
  desk.page.on("download", (download) => names.push(download.suggestedFilename()));
  const download = (frame: Frame, name: string): Promise<void> =>
    frame.evaluate((file) => {
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob(["x"])), download: file });
      document.body.append(link);
      link.click();
    }, name);
  const strict = await desk.connected("strict");
  await download(strict.frame, "strict.txt");
  await expect.poll(() => desk.console.join("\n")).toMatch(/download.*(disallowed|sandbox)/i);
  const usual = await desk.connected();
  await download(usual.frame, "usual.txt");
  await expect.poll(() => names).toEqual(["usual.txt"]);
  await desk.healthy();
});

test("a port that an app hands to a document nested in it works as that app, and only while the app proves itself", async () => {
  const app = await desk.connected();
  const attached = desk.page.waitForEvent("frameattached", { predicate: (f) => f.parentFrame() === app.frame });
  await app.frame.evaluate((src) => document.body.append(Object.assign(document.createElement("iframe"), { src })), rig.origin("evil"));
  const inner = await attached;
  await inner.waitForFunction(() => "raw" in window);
  const handed = inner.evaluate(
    () =>
      new Promise<void>((resolve) => {
        addEventListener("message", ({ data, ports: [port] }: MessageEvent<{ id?: string }>) => {
          if (!port) return;
          const kept = { port, id: data.id, heard: [] as unknown[][] };
          (window as unknown as { kept: typeof kept }).kept = kept;
          port.onmessage = (event: MessageEvent<unknown[]>) => kept.heard.push(event.data);
          resolve();
        });
      }),
  );
  await app.frame.evaluate((to) => {
    const { id, port } = window.raw.last;
    document.querySelector("iframe")?.contentWindow?.postMessage({ id }, to, [port]);
  }, rig.origin("evil"));
  await handed;
  await inner.evaluate(() => {
    const { port, id } = (window as unknown as { kept: { port: MessagePort; id: string } }).kept;
    port.postMessage([id, window.wire.OpRegister, 500, 0, 0, "handed.on", "", null]);
  });
  const offered = (): Promise<string[]> =>
    desk.page.evaluate(async () => (await window.crossframe!.hub.interop.methods({ name: "handed.on" })).map(({ peer }) => `${peer.instance} ${peer.origin}`));
  // It passes for the app, because the app wanted that; what it may do is what the app may do.
  await expect.poll(offered).toEqual([`${app.instance} ${rig.origin("raw")}`]);
  expect(await inner.evaluate(async () => (await window.raw.greet().ended()).code)).toBe("SOURCE_UNKNOWN");

  // The next challenge goes to the app's window, at the app's origin; who holds the port does not see the nonce.
  await desk.page.evaluate(() => window.crossframe?.crash());
  await revoked(app);
  expect(await offered()).toEqual([]);
  expect(await inner.evaluate(() => window.raw.inbox.filter(({ data }) => (data as { crossframe?: string }).crossframe !== undefined))).toEqual([]);
  await desk.healthy(["CANCELLED"]);
});

test("powerful features only where the definition asks for them", async () => {
  const allowed = (frame: Frame): Promise<boolean[]> =>
    frame.evaluate(() => {
      const { featurePolicy } = document as unknown as { featurePolicy: { allowsFeature(name: string): boolean } };
      return ["camera", "clipboard-write", "clipboard-read", "microphone", "geolocation", "usb"].map((name) => featurePolicy.allowsFeature(name));
    });
  const usual = await desk.connected();
  expect(await allowed(usual.frame)).toEqual([false, false, false, false, false, false]);
  const camera = await desk.connected("camera");
  expect(await allowed(camera.frame)).toEqual([true, true, false, false, false, false]);
  // The permission is the app's: where its frame goes, it does not go along.
  await goTo(camera.frame, rig.origin("elsewhere"));
  expect(await allowed(camera.frame)).toEqual([false, false, false, false, false, false]);
  await desk.healthy();
});

test("two tabs are two hubs that share nothing", async () => {
  const second = await rig.open({ canaries: false, context: desk.page.context() });
  const ids = await Promise.all([desk, second].map(({ page }) => page.evaluate(() => sessionStorage.getItem("crossframe.session"))));
  expect(new Set(ids).size).toBe(2);
  await second.page.evaluate(() => window.crossframe!.hub.contexts.set("of.the.second", { x: 1 }));
  expect(await contexts()).not.toContain("of.the.second");
  await desk.healthy();
});

test("apps that come and go leave nothing behind", async () => {
  const kept = await desk.echo(); // Keeps the app's process, so that starting is quick.
  const [worker] = desk.page.workers();
  await worker?.evaluate(() => {
    const count = { opened: 0, closed: 0 };
    (self as unknown as { count: typeof count }).count = count;
    self.addEventListener("message", ({ data }: MessageEvent<{ port?: unknown }>) => void (data.port && count.opened++));
    const { close } = MessagePort.prototype;
    MessagePort.prototype.close = function () {
      count.closed++;
      close.call(this);
    };
  });
  const cycles = (n: number): Promise<void> =>
    desk.page.evaluate(async (times) => {
      for (let i = 0; i < times; i++) {
        const { instance } = await window.crossframe!.hub.apps.start("echo");
        await window.crossframe!.hub.apps.stop(instance);
      }
    }, n);
  const cdp = await desk.page.context().newCDPSession(desk.page);
  await cdp.send("Performance.enable");
  const measure = async (): Promise<Record<string, number>> => {
    await cdp.send("HeapProfiler.collectGarbage");
    const { metrics } = await cdp.send("Performance.getMetrics");
    const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? NaN;
    // The connection log keeps its last lines, and only those.
    const logged = await desk.page.evaluate(() => {
      const walker = document.createTreeWalker(document.querySelector(".cf-log-rows") as Element);
      let nodes = 0;
      while (walker.nextNode()) nodes++;
      return nodes;
    });
    return { documents: of("Documents"), frames: of("Frames"), listeners: of("JSEventListeners"), nodes: of("Nodes") - logged };
  };
  await cycles(10);
  const before = await measure();
  await cycles(90);
  // What people are told for some seconds goes by itself; what leaks stays, one for each cycle or more.
  const more = async (): Promise<string[]> => {
    const after = await measure();
    return Object.entries(before).flatMap(([name, value]) => ((after[name] ?? NaN) <= value * 1.05 + 5 ? [] : [`${name}: ${value}, now ${after[name]}`]));
  };
  await expect.poll(more, { timeout: 20_000, interval: 500 }).toEqual([]);
  const count = await worker?.evaluate(() => (self as unknown as { count: { opened: number; closed: number } }).count);
  expect(count?.opened).toBeGreaterThanOrEqual(100);
  expect(count?.closed, "every port of the Worker that was opened is closed").toBe(count?.opened);
  expect((await desk.instances()).map(({ instance }) => instance)).toContain(kept.instance);
  expect(await desk.instances()).toHaveLength(3);
  await desk.healthy();
});
