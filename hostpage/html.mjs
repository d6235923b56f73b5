// What the build makes of index.html; the bench serves the same.

/**
 * Names the page's files.
 *
 * @param files addresses: the style sheets, the script, and the parts that the script will want
 */
export function pageHtml(html, { styles: [style, ...more], script, parts }) {
  let named = replaceOnce(html, "main.js", script);
  named = replaceOnce(named, "workspace.css", style);
  // A style sheet that the script brings along is loaded like the page's own. The parts travel at once, not one after the other.
  const links = [
    ...more.map((address) => `<link rel="stylesheet" href="${address}">`),
    ...parts.map((address) => `<link rel="modulepreload" href="${address}">`),
  ];
  return named.replace("  </head>", `${links.map((link) => `    ${link}\n`).join("")}  </head>`);
}

/** Replaces a name in the page and fails where it is not there exactly once. */
function replaceOnce(html, name, address) {
  const parts = html.split(`"./${name}"`);
  if (parts.length !== 2) throw new Error(`index.html must name "./${name}" exactly once`);
  return parts.join(`"${address}"`);
}
