/// <reference lib="esnext.disposable" preserve="true" />

export { CannotListenError, HoldfastError, InvalidOptionError, isHoldfastError } from "./errors.js";
export { type InspectorHandler, inspectorHandler } from "./inspector/inspector-handler.js";
export type { InspectorHandlerOptions, InspectorOptions } from "./inspector/inspector-options.js";
export { type Inspector, serveInspector } from "./inspector/serve-inspector.js";
