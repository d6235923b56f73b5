import type { Site } from "./sites.js";

/**
 * A client app for tests: it tells the main page a random id of its boot at each load, so that a second id is a
 * reload, and shows something that looks like work. What it does further goes by its path.
 */
export function appSite(title: string, rows: readonly (readonly string[])[]): Site {
  return (path) => {
    switch (path) {
      case "/":
        return { body: appPage(title, rows) };
      case "/refuses":
        return { headers: { "X-Frame-Options": "DENY" }, body: appPage(title, rows) };
      case "/slow":
        return { delay: 4000, body: appPage(title, rows) };
      case "/leaves":
        return { body: script(`location.href = "http://evil.invalid/"`) };
      case "/nests":
        return { body: `${appPage(title, rows)}<iframe src="/"></iframe>` };
      default:
        return undefined;
    }
  };
}

const script = (text: string): string => `<!doctype html><meta charset="utf-8"><script>${text}</script>`;

function appPage(title: string, rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const cells = (tag: string, row: readonly string[]): string => row.map((c) => `<${tag}>${c}</${tag}>`).join("");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<style>
:root { color-scheme: light dark; font: 13px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 14px 16px; }
h1 { font-size: 15px; margin: 0 0 10px; }
input { font: inherit; padding: 4px 8px; width: 100%; box-sizing: border-box; margin-bottom: 10px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 6px 8px; border-bottom: 1px solid #8883; font-weight: 400; }
th { opacity: .65; }
td:last-child, th:last-child { text-align: right; font-variant-numeric: tabular-nums; }
</style>
<h1>${title}</h1><input aria-label="Search" placeholder="Search">
<table><thead><tr>${cells("th", head)}</tr></thead><tbody>${body.map((r) => `<tr>${cells("td", r)}</tr>`).join("")}</tbody></table>
<script>
const boot = Math.random().toString(36).slice(2);
top.postMessage({ boot, app: ${JSON.stringify(title)} }, "*"); // Holds nothing but a random id.
addEventListener("message", (event) => {
  if (event.data && event.data.crossframe) top.postMessage({ heard: event.data, app: ${JSON.stringify(title)} }, "*");
});
</script></html>`;
}
