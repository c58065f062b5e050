/// <reference lib="esnext.disposable" preserve="true" />

export * from "./redlock/names.js";
// `require` of this ES module returns the export "module.exports": the class itself, as in redlock.cts.
export { Redlock as default, Redlock as "module.exports" } from "./redlock/names.js";
