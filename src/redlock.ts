/// <reference lib="esnext.disposable" preserve="true" />

export * from "./redlock/names.js";
// The last is what `require` gives where it takes an ES module: the class itself, as redlock.cts does.
export { Redlock as default, Redlock as "module.exports" } from "./redlock/names.js";
