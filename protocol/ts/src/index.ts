export * from "./frame.js";
export * from "./names.js";
export * from "./wire.gen.js";
