export * from "./frame.js";
export * from "./names.js";
export * from "./stream.js";
export * from "./wire.gen.js";
