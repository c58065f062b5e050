/**
 * Bundlers accept that a package is absent only where its `require` stands directly in a `try` block. The CommonJS that is
 * made of `import()` puts `require` into a function instead, so this plugin gives that function a `try` of its own.
 */
export function guardOptionalPackages(names) {
  const required = `require\\("(?:${names.join("|")})"\\)`;
  const loading = new RegExp(`\\(\\) => ((?:/\\* @__PURE__ \\*/ )?[\\w.]*__toESM\\(${required}, 1\\))`, "g");
  const unguarded = new RegExp(`=>[^{;]*${required}`);
  return {
    name: "guard-optional-packages",
    renderChunk(code) {
      const guarded = code.replace(loading, "() => { try { return $1; } catch (error) { throw error; } }");
      if (unguarded.test(guarded))
        throw new Error("an optional package is loaded in another form than optional-packages.mjs expects");
      return guarded;
    },
  };
}
