import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { freePort, serve } from "./crossframe.js";

const issuer = "https://portal.example.com";
const users: Readonly<Record<string, object>> = {
  ada: { groups: ["claims"], given_name: "Ada" },
  bob: {},
};

/**
 * A workspace as docs/identity.md describes it: an application that signs its users in, the broker, which knows them by the
 * application's tokens, and a proxy that has both on one origin.
 */
export interface PortalRig {
  readonly browser: Browser;
  readonly hub: string;
  /** Answers in the application's place, where there is one. */
  instead: RequestListener | undefined;
  /** Opens the main page in a profile of its own, signed in or not. */
  open(user?: string): Promise<Page>;
  close(): Promise<void>;
}

export async function portalRig(): Promise<PortalRig> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const folder = await mkdtemp(join(tmpdir(), "crossframe-portal-"));
  const keysFile = join(folder, "portal-keys.json");
  await writeFile(keysFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "2026a", use: "sig", alg: "RS256" }] }));
  const broker = await freePort();
  let instead: RequestListener | undefined;
  const proxy = startProxy(broker, (incoming, answer) => {
    if (instead) instead(incoming, answer);
    else tellToken(incoming, answer, privateKey);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const hub = `http://localhost:${(proxy.address() as AddressInfo).port}`;
  const serving = await serve({
    listen: `127.0.0.1:${broker}`,
    publicOrigins: [hub],
    page: { debug: true },
    trustedProxies: ["127.0.0.1"],
    identity: { jwt: { issuer, audience: ["crossframe"], algorithms: ["RS256"], keysFile } },
    link: { tokenUrl: "/portal/token" },
    sharing: [{ scope: "user", contexts: ["mine*"] }],
  });
  const browser = await launchChromium();
  return {
    browser,
    hub,
    get instead() {
      return instead;
    },
    set instead(value) {
      instead = value;
    },
    open: async (user) => {
      const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
      if (user !== undefined) await context.addCookies([{ name: "session", value: user, url: hub, httpOnly: true, sameSite: "Strict" }]);
      const page = await context.newPage();
      await page.goto(hub);
      await page.waitForFunction(() => window.crossframe?.hub !== undefined);
      return page;
    },
    close: async () => {
      await browser.close();
      await serving.stop();
      proxy.closeAllConnections();
      proxy.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** What the application answers at its address for tokens: who the cookie says it is, for five minutes. */
function tellToken(incoming: IncomingMessage, answer: ServerResponse, key: KeyObject): void {
  const user = /(?:^|; )session=(\w+)/.exec(incoming.headers.cookie ?? "")?.[1] ?? "";
  if (!Object.hasOwn(users, user)) {
    answer.writeHead(401).end();
    return;
  }
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: issuer, aud: "crossframe", sub: user, tenant: "acme", iat: now, exp: now + 300, ...users[user] };
  const signed = `${part({ alg: "RS256", kid: "2026a", typ: "JWT" })}.${part(claims)}`;
  const token = `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
  answer.setHeader("Content-Type", "application/json").setHeader("Cache-Control", "no-store").end(JSON.stringify({ token }));
}

/** Passes everything on to the broker, WebSockets too, but for /portal/. */
function startProxy(broker: number, portal: RequestListener): Server {
  const to = { host: "127.0.0.1", port: broker };
  const server = createServer((incoming, answer) => {
    if (incoming.url?.startsWith("/portal/")) {
      portal(incoming, answer);
      return;
    }
    const passed = request({ ...to, method: incoming.method, path: incoming.url, headers: incoming.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    incoming.pipe(passed);
  });
  server.on("upgrade", (incoming, socket, head) => {
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
    const passed = connect(to.port, to.host, () => {
      passed.write(`${lines.join("\r\n")}\r\n\r\n`);
      passed.write(head);
      socket.pipe(passed).pipe(socket);
    });
    passed.on("error", () => socket.destroy());
    socket.on("error", () => passed.destroy());
  });
  return server;
}
