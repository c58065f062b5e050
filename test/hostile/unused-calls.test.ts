import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vite";
import { expect, test } from "vitest";

/**
 * The built-ins without effects but a result or an error. Bundlers remove a statement that calls one of them and does not use the
 * result, so its error is gone from the published package. They keep `JSON` and `structuredClone`.
 */
const pure =
  /^(?:new (?:URL|URLSearchParams|RegExp|Date|Array|Map|Set|WeakMap|WeakSet)|(?:de|en)codeURI(?:Component)?|BigInt|Number|String|Symbol|Boolean|RegExp|Date|parseInt|parseFloat|isNaN|isFinite|atob|btoa|(?:Object|Array|Number|String|Symbol|Math|Date|BigInt|URL|Reflect)\.\w+)$/;

/** Those of the matching methods that do have an effect. */
const effective =
  /^(?:Object\.(?:assign|define\w+|freeze|seal|preventExtensions|setPrototypeOf)|Reflect\.(?:apply|construct|define\w+|deleteProperty|preventExtensions|set|setPrototypeOf))$/;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}
type Parts = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node & Parts =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

/** The calls in an expression whose value nothing uses: `f()`, `void f()`, and those of `a && f()`, `a ? f() : g()`, `f(), g()`. */
function callsOf(unused: Node & Parts): (Node & Parts)[] {
  const inside = (...names: string[]) =>
    names
      .flatMap((name) => [unused[name]].flat())
      .filter(isNode)
      .flatMap(callsOf);
  switch (unused.type) {
    case "CallExpression":
    case "NewExpression":
      return [unused];
    case "UnaryExpression":
      return inside("argument");
    case "LogicalExpression":
      return inside("right");
    case "ConditionalExpression":
      return inside("consequent", "alternate");
    case "SequenceExpression":
      return inside("expressions");
    default:
      return inside("expression");
  }
}

/** The calls of pure built-ins whose results nothing uses. */
function unusedCalls(text: string): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!isNode(value)) return;
    for (const call of value.type === "ExpressionStatement" ? callsOf(value) : []) {
      const { start, end } = call.callee as Node;
      const name = `${call.type === "NewExpression" ? "new " : ""}${text.slice(start, end)}`;
      if (pure.test(name) && !effective.test(name)) found.push(text.slice(value.start, value.end));
    }
    Object.values(value).forEach(visit);
  };
  visit(parseAst(text, { lang: "ts" }));
  return found;
}

test.each([
  "decodeURIComponent(text);",
  "try { new URL(text); } catch {}",
  "void BigInt(text);",
  "if (a) Object.keys(a);",
  "a && new RegExp(text);",
  "a ? Number(a) : parse(a);",
  "String(a), next();",
])("finds %s", (text) => {
  expect(unusedCalls(text)).toHaveLength(1);
});

test.each([
  "JSON.parse(text);",
  "const url = new URL(text);",
  "const read = () => new URL(text);",
  "Object.assign(a, b);",
  "read(BigInt(a));",
  "a = Number(b);",
])("allows %s", (text) => {
  expect(unusedCalls(text)).toEqual([]);
});

test("no statement of the sources calls a pure built-in for its error alone", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.c?ts$/.test(file),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(
    files.flatMap((file) =>
      unusedCalls(readFileSync(join("src", file), "utf8")).map((found) => `${file}: ${found}`),
    ),
  ).toEqual([]);
});
