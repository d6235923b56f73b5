import GlueWebPlatform from "@glue42/web-platform";
import { makeFrames } from "../frames.js";

// By default its gateway writes several lines to the console for each call, which would be measured too.
await GlueWebPlatform({ gateway: { logging: { level: "error" } } });
globalThis.readyAt = performance.now();
if (location.search) makeFrames("/glue/app.html");
