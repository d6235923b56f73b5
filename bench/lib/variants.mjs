/** The scenes that are compared, by the name of what stands between the two frames. */
export const variants = {
  ours: { path: "/" },
  relay: { path: "/relay/page.html" },
  "relay-text": { path: "/relay/page.html", query: { body: "text" } },
  "relay-text in a Worker": { path: "/relay/page.html", query: { body: "text", at: "worker" } },
  "an empty Go call for each message": { path: "/relay/page.html", query: { body: "text", at: "goworker" } },
  "an empty Go call, and an acknowledgement": { path: "/relay/page.html", query: { body: "text", at: "goworker", acknowledges: "" } },
  direct: { path: "/relay/page.html", query: { at: "nowhere" } },
  Glue42: { path: "/glue/page.html" },
  "fdc3-web": { path: "/fdc3/page.html" },
  Penpal: { path: "/penpal/page.html" },
  Comlink: { path: "/comlink/page.html" },
};
