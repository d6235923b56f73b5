/** The frames of a scene's page: one for each host that the page's address names, made and not yet loaded. */
export function makeFrames(app) {
  const hosts = new URLSearchParams(location.search).get("frames").split(",");
  return hosts.map((host) => {
    const frame = document.createElement("iframe");
    frame.src = `http://${host}:${location.port}${app}${location.search}`;
    document.body.append(frame);
    return frame;
  });
}

/** Waits until each frame's app has asked for its port; resolves with a function for each that hands it over. */
export async function greeted(frames) {
  const waiting = new Set(frames);
  const origins = new Map();
  await new Promise((done) => {
    addEventListener("message", ({ data, source, origin }) => {
      const frame = frames.find(({ contentWindow }) => contentWindow === source);
      if (data !== "port please" || !frame) return;
      origins.set(frame, origin);
      waiting.delete(frame);
      if (waiting.size === 0) done();
    });
  });
  return frames.map((frame) => (port) => frame.contentWindow.postMessage("your port", origins.get(frame), [port]));
}

/** The app's side: asks the page for a port. */
export function askForPort() {
  return new Promise((done) => {
    addEventListener("message", ({ data, ports }) => data === "your port" && done(ports[0]));
    parent.postMessage("port please", "*"); // says nothing to anybody
  });
}
