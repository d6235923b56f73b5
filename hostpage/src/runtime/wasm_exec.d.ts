/** The Go distribution's runtime for JavaScript; the build takes it from the toolchain that compiles the hub. */
declare module "wasm_exec";
