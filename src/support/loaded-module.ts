/** How often `default` may be nested: once for the bundler, once for the package's own compiler. */
const maxDepth = 3;

/**
 * A named export of a CommonJS package that `import()` loaded. Bundlers differ in whether the result has the exports by
 * name, or only the whole package as `default`.
 */
export function exportOf<Loaded extends object, Name extends keyof Loaded & string>(
  loaded: Loaded,
  packageName: string,
  name: Name,
): Loaded[Name] {
  let part: unknown = loaded;
  for (let depth = 0; depth < maxDepth && isContainer(part); depth++) {
    const found = (part as Loaded)[name];
    if (found !== undefined) return found;
    part = (part as { default?: unknown }).default;
  }
  throw new Error(
    `${packageName} was loaded, but exports no ${name}: if a bundler builds the program, leave the package out of the ` +
      "bundle (external)",
  );
}

const isContainer = (value: unknown): boolean =>
  (typeof value === "object" && value !== null) || typeof value === "function";

/**
 * Whether a package is absent. Node.js and most bundlers set a code. For an optional package that was absent at the build,
 * Vite only has a message, and ncc calls a `require` that ES modules do not have.
 */
export const isMissingModule = (error: unknown): boolean =>
  error instanceof Error &&
  (("code" in error && (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND")) ||
    /^Could not resolve ".*" imported by ".*"|^require is not defined/.test(error.message));
