const name = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u;
const comments = /\/\*[\s\S]*?\*\/|\/\/.*$/gm;
const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/**
 * The names of a method's parameters, read from its source. Null for a parameter without a name of its own: a pattern such as
 * `{ id }`, or a rest parameter.
 */
export function parametersOf(method: (...given: never[]) => unknown): (string | null)[] {
  const source = Function.prototype.toString.call(method).replace(comments, "");
  return splitList(source, source.indexOf("(") + 1).map((one) => name.exec(one)?.[0] ?? null);
}

/** The entries of a list, from `start` to the bracket that ends it. */
function splitList(source: string, start: number): string[] {
  const entries: string[] = [];
  let begun = start;
  let at = start;
  const take = () => {
    const entry = source.slice(begun, at).trim();
    if (entry !== "") entries.push(entry);
    begun = at + 1;
  };
  for (; at < source.length && !(source[at] === ")"); at = afterPart(source, at))
    if (source[at] === ",") take();
  take();
  return entries;
}

/** The index after the character at `at`, or after the string or the brackets that begin there. */
function afterPart(source: string, at: number): number {
  const character = source[at] ?? "";
  if (character === '"' || character === "'" || character === "`") return afterString(source, at, character);
  const end = closing[character];
  if (end === undefined) return at + 1;
  let inner = at + 1;
  while (inner < source.length && source[inner] !== end) inner = afterPart(source, inner);
  return inner + 1;
}

function afterString(source: string, at: number, quote: string): number {
  let inner = at + 1;
  while (inner < source.length && source[inner] !== quote) inner += source[inner] === "\\" ? 2 : 1;
  return inner + 1;
}
