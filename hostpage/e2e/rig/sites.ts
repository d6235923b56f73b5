import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds before the answer begins. */
  readonly delay?: number;
}

/** Answers a request for a path of one host; undefined is 404. */
export type Site = (path: string, request: IncomingMessage) => Answer | undefined | Promise<Answer | undefined>;

export interface Sites {
  readonly port: number;
  /** Origin of a host, such as http://a.test:40123. */
  origin(host: string): string;
  close(): Promise<void>;
}

/** Serves many sites from one port, told apart by their host name. */
export async function serveSites(siteOf: (host: string) => Site | undefined): Promise<Sites> {
  const server = createServer((request, response) => {
    answer(siteOf, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: (host) => `http://${host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answer(
  siteOf: (host: string) => Site | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const host = (request.headers.host ?? "").replace(/:\d+$/, "");
  const { pathname } = new URL(request.url ?? "/", "http://any.test");
  const found = await siteOf(host)?.(pathname, request);
  if (!found) {
    response.writeHead(404).end("not found");
    return;
  }
  if (found.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, found.delay));
  response.writeHead(found.status ?? 200, { "Content-Type": "text/html; charset=utf-8", ...found.headers });
  response.end(found.body ?? "");
}
