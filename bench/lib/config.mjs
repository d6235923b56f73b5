/**
 * What the product's page is configured with: explicit grants, and the rate limits raised, because a measured app
 * sends more than 200 messages a second. Everything else is as it comes.
 *
 * @param query of the page's address: `frames` names the apps, `plain` those with the product's own rate limits
 */
export function productConfig(query, port) {
  const frames = (query.get("frames") ?? "").split(",").filter(Boolean);
  const plain = (query.get("plain") ?? "").split(",");
  const grants = { offer: ["bench.*"], invoke: ["bench.*"], readContexts: ["bench.*"], writeContexts: ["bench.*"] };
  const apps = frames.map((name, i) => ({
    name,
    title: name.toUpperCase(),
    url: `http://${name}:${port}/ours/app.html?${query}`,
    grants,
    ...(plain.includes(name) ? {} : { limits: { messagesPerSecond: 1_000_000, burst: 1_000_000 } }),
    custom: { placement: i === 0 ? { area: "left" } : i === 1 ? { area: "right" } : { area: "tab", behind: true } },
  }));
  return { title: "Bench", debug: true, apps };
}
