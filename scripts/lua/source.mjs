/** Reads a script that consists of several `.lua` files, checks it, and removes what Redis does not need. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import luaparse from "luaparse";

const options = { luaVersion: "5.1", encodingMode: "none", comments: true, ranges: true, locations: true };

/** The globals of Redis and Lua that the scripts use. Any other global is an error at run time. */
const globals = new Set(
  "ARGV KEYS redis error ipairs math pcall string table tonumber tostring type unpack".split(" "),
);

const directive = /^\s*--@(\S+)\s*(\S*)$/;

/**
 * The lines of a file and of the files that it includes, each with its place. `--@include FILE` stands for the text of that
 * file, `--@command-tables` for the tables made from the list of commands. `onFile` is called with the name of each file.
 */
function linesOf(folder, file, { tables, onFile }, within = []) {
  if (within.includes(file)) throw new Error(`${file} includes itself`);
  onFile(file);
  const text = readFileSync(join(folder, file), "utf8");
  parse(text, file);
  return text.split("\n").flatMap((line, index) => {
    const at = `${file}:${index + 1}`;
    const [, name, argument] = directive.exec(line) ?? [];
    if (name === undefined) return [{ at, text: line }];
    if (name === "include") return linesOf(folder, argument, { tables, onFile }, [...within, file]);
    if (name === "command-tables") return tables.map((table) => ({ at, text: table }));
    throw new Error(`${at}: unknown directive --@${name}`);
  });
}

function parse(text, file, more = {}) {
  try {
    return luaparse.parse(text, { ...options, ...more });
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}

const constantName = (name) => name.replace(/[A-Z]/g, "_$&").toUpperCase();

/** Applies the edits from the last to the first, so that the offsets of the remaining ones stay valid. */
const edited = (text, edits) =>
  edits
    .sort((one, other) => other.from - one.from)
    .reduce((whole, { from, to, with: by }) => whole.slice(0, from) + by + whole.slice(to), text);

/**
 * The script as it is sent: without comments and indentation, and with the values of constants (`PLACE_TTL` for `placeTtl`).
 * `visit` is called with each node of the syntax tree, and may return a complaint about it. `allowUnused`: do not complain
 * about what is declared but never used.
 */
export function readScript(folder, file, { constants, tables, onFile, allowUnused, visit = () => null }) {
  const lines = linesOf(folder, file, { tables, onFile });
  const text = lines.map((line) => line.text).join("\n");
  const values = new Map(Object.entries(constants).map(([name, value]) => [constantName(name), value]));
  const complaints = [];
  const declared = new Map();
  const used = new Map();
  const edits = [];
  const placeOf = (node) => lines[node.loc.start.line - 1]?.at ?? file;
  const chunk = parse(text, file, {
    scope: true,
    onCreateNode: (node) => {
      const complaint = visit(node);
      if (complaint) complaints.push(`${placeOf(node)}: ${complaint}`);
      if (node.type === "LocalStatement") for (const one of node.variables) declared.set(one.name, one);
      if (node.type === "FunctionDeclaration" && node.isLocal) declared.set(node.identifier.name, node);
      if (node.type === "StringLiteral" && /^\[|\n/.test(node.raw)) {
        complaints.push(`${placeOf(node)}: a string over several lines: its indentation would be lost`);
      }
      if (node.type !== "Identifier") return;
      used.set(node.name, (used.get(node.name) ?? 0) + 1);
      const value = values.get(node.name);
      if (value === undefined) return;
      const by = typeof value === "number" ? String(value) : `'${value}'`;
      edits.push({ from: node.range[0], to: node.range[1], with: by });
    },
  });
  for (const one of chunk.globals) {
    if (!globals.has(one.name) && !values.has(one.name)) {
      complaints.push(`${placeOf(one)}: ${one.name} is not declared`);
    }
  }
  for (const [name, node] of declared) {
    if (!allowUnused && name !== "_" && used.get(name) === 1)
      complaints.push(`${placeOf(node)}: ${name} is never used`);
  }
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  for (const { range } of chunk.comments) edits.push({ from: range[0], to: range[1], with: "" });
  const kept = edited(text, edits)
    .split("\n")
    .map((line) => line.trim());
  return kept.filter((line) => line !== "").join("\n");
}
