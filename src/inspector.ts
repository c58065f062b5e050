/// <reference lib="esnext.disposable" preserve="true" />

export { CannotListenError, HoldfastError, InvalidOptionError, isHoldfastError } from "./errors.js";
export { type Inspector, serveInspector } from "./inspector/serve-inspector.js";
export type { InspectorOptions } from "./inspector/server/options.js";
