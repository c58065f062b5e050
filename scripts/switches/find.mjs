/**
 * Finds the code of a switch, even after its identifiers were renamed or its file was moved. Each identifier of the pattern
 * matches any identifier, consistently; everything else must match exactly. If several places have that shape, the place
 * with the most unchanged identifiers is chosen; a tie is an error.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const tokenPattern =
  /(?<word>[A-Za-z_$][\w$]*)|(?<space>\s+)|\d[\w.]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|./gs;

/** Words that are never renamed. */
const fixed = new Set(
  (
    "as async await break case catch class const constructor continue default delete do else export extends false finally for " +
    "from function get if implements import in instanceof interface let new null of private public readonly return set static " +
    "super switch this throw true try type typeof undefined var void while yield " +
    // Lua.
    "and elseif end local nil not or repeat then until redis call ARGV KEYS"
  ).split(" "),
);

function tokensOf(text) {
  const tokens = [];
  for (const match of text.matchAll(tokenPattern)) {
    if (match.groups?.space !== undefined) continue;
    const [word] = match;
    tokens.push({ text: word, at: match.index, free: match.groups?.word !== undefined && !fixed.has(word) });
  }
  return tokens;
}

/** Matches the pattern at one place. Returns the renamed identifiers, and the number of unchanged ones; null if it does not match. */
function matchAt(source, start, pattern) {
  if (start + pattern.length > source.length) return null;
  const renamed = new Map();
  const taken = new Map();
  let same = 0;
  for (const [offset, token] of pattern.entries()) {
    const found = source[start + offset];
    if (!token.free || !found.free) {
      if (token.text !== found.text) return null;
      continue;
    }
    if ((renamed.get(token.text) ?? found.text) !== found.text) return null;
    if ((taken.get(found.text) ?? token.text) !== token.text) return null;
    renamed.set(token.text, found.text);
    taken.set(found.text, token.text);
    if (token.text === found.text) same++;
  }
  return { renamed, same };
}

function matchesIn(text, pattern) {
  const source = tokensOf(text);
  const matches = [];
  for (let start = 0; start + pattern.length <= source.length; start++) {
    const match = matchAt(source, start, pattern);
    if (match === null) continue;
    const first = source[start];
    const last = source[start + pattern.length - 1];
    matches.push({ ...match, from: first.at, to: last.at + last.text.length });
  }
  return matches;
}

/** Reads the sources of a project, without generated ones. Returns their texts by path. */
export function readSources(root) {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.(ts|lua)$/.test(name) && !name.endsWith(".generated.ts"),
  );
  return new Map(names.map((name) => [`src/${name}`, readFileSync(join(root, "src", name), "utf8")]));
}

/** The identifiers of a pattern that may be renamed. */
export const identifiersIn = (pattern) => [
  ...new Set(
    tokensOf(pattern)
      .filter(({ free }) => free)
      .map(({ text }) => text),
  ),
];

/**
 * Finds the place of a pattern: an exact match in its file, otherwise a match with renamed identifiers there or in any
 * file. Throws an error that names `off` if there is no such place, or no single best one.
 */
export function findSwitch(sources, { off, file, from }) {
  const pattern = tokensOf(from);
  const free = pattern.filter((token) => token.free).length;
  const search = ([path, text]) => matchesIn(text, pattern).map((match) => ({ ...match, path }));
  const near = search([file, sources.get(file) ?? ""]);
  const exact = near.filter(({ same }) => same === free);
  if (exact.length === 1) return exact[0];
  if (exact.length > 1) throw new Error(`${off}: "${from}" stands ${exact.length} times in ${file}`);
  const candidates = near.length > 0 ? near : [...sources].flatMap(search);
  candidates.sort((a, b) => b.same - a.same);
  const [best, next] = candidates;
  if (best === undefined)
    throw new Error(`${off}: nothing has the shape of "${from}", in ${file} or elsewhere`);
  if (next?.same === best.same)
    throw new Error(`${off}: several places have the shape of "${from}" (${file})`);
  return best;
}

/** Returns the text of the file with the rule switched off. The replacement uses the current identifiers. */
export function switchedOff(sources, { path, from, to, renamed }, replacement) {
  const text = sources.get(path) ?? "";
  const words = replacement.replace(/[A-Za-z_$][\w$]*/g, (word) => renamed.get(word) ?? word);
  return text.slice(0, from) + words + text.slice(to);
}
