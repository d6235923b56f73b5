import { DesktopAgentFactory } from "@morgan-stanley/fdc3-web";
import { makeFrames } from "../frames.js";

const hosts = new URLSearchParams(location.search).get("frames").split(",");
const applications = hosts.map((host) => ({
  appId: host,
  title: host,
  type: "web",
  details: { url: `http://${host}:${location.port}/fdc3/app.html${location.search}` },
}));
await new DesktopAgentFactory().createRoot({ rootAppId: "bench", appDirectoryEntries: [{ host: location.hostname, apps: applications }] });
makeFrames("/fdc3/app.html");
