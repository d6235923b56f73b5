// The bench's web server: the main page on localhost, the apps on hosts below .test, each a site of its own to the
// browser, and all of it on one port. Files are compressed once, as the broker serves them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { extname, join } from "node:path";
import zlib from "node:zlib";
import { mainPage, out } from "./build.mjs";
import { productConfig } from "./config.mjs";

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".json": "application/json" };

/** The policy that the broker sends with the main page. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; frame-src http://*.test:*; " +
  "style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; " +
  "require-trusted-types-for 'script'; trusted-types hub-worker dockview";

const brotli = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } };

export async function serveSite() {
  const compressed = compressAll();
  const server = http.createServer((request, response) => {
    const port = server.address().port;
    const url = new URL(request.url, "http://localhost");
    if (url.pathname === "/config.json") {
      // The page's address says which apps there are; only the referrer tells it here.
      send(response, ".json", JSON.stringify(productConfig(new URL(request.headers.referer).searchParams, port)), {}, "no-store");
    } else if (url.pathname === "/") {
      send(response, ".html", mainPage(), { "content-security-policy": policy });
    } else {
      // Browsers take Brotli from secure origins only, of which localhost is one.
      const packed = /\bbr\b/.test(request.headers["accept-encoding"]);
      file(response, url.pathname, packed ? compressed : new Map());
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { port: server.address().port, close: () => server.close() };
}

function file(response, path, compressed) {
  const place = join(out, path);
  if (extname(path) === ".html") {
    const script = path.replace(/\.html$/, ".js");
    send(response, ".html", `<!doctype html><meta charset=utf-8><link rel=icon href="data:,"><title>${path}</title><body><script type=module src="${script}"></script>`);
  } else if (compressed.has(place)) {
    send(response, extname(path), compressed.get(place), { "content-encoding": "br" }, "max-age=86400, immutable");
  } else if (!path.includes("..") && existsSync(place)) {
    send(response, extname(path), readFileSync(place), {}, "max-age=86400, immutable");
  } else {
    response.writeHead(404).end();
  }
}

/** The files below the site's folder, by place, compressed. */
function compressAll() {
  const places = readdirSync(out, { recursive: true }).map((name) => join(out, name));
  const files = places.filter((place) => [".js", ".css", ".wasm"].includes(extname(place)));
  return new Map(files.map((place) => [place, zlib.brotliCompressSync(readFileSync(place), brotli)]));
}

function send(response, type, content, headers = {}, cache = "no-cache") {
  response.writeHead(200, { "content-type": types[type], "cache-control": cache, ...headers }).end(content);
}
