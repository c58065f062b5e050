/** The list of commands, `commands.json`, as tables for the script and for the TypeScript encoder. */

/** Appended to the name of a command that also proposes a fence. */
const fencedSuffix = "Fenced";

const flags = ["claims", "needsMemory", "respectsQueues", "sharesSideKeys", "readsReaders"];
const fields = ["token", "tokens", "ttl", "from", "rest", "place", "placeId", "weight", "permits", "barges"];

/** `fence`: whether the command takes a fence as its last argument: "never", "optional" or "required". */
function readCommand({ name, op, arguments: listed, flags: set }) {
  const last = listed.at(-1);
  const fence = last === "fence?" ? "optional" : last === "fence" ? "required" : "never";
  const args = fence === "never" ? listed : listed.slice(0, -1);
  const wrong = [
    ...args.filter((arg) => !fields.includes(arg)).map((arg) => `unknown argument ${arg}`),
    ...set.filter((flag) => !flags.includes(flag)).map((flag) => `unknown flag ${flag}`),
    // The script appends the number of keys to the name.
    ...(/^[A-Za-z]+$/.test(name) ? [] : ["a name has letters only"]),
  ];
  if (wrong.length > 0) throw new Error(`commands.json, ${name}: ${wrong.join(", ")}`);
  const has = Object.fromEntries(flags.map((flag) => [flag, set.includes(flag)]));
  return { name, op, arguments: args, fence, ...has };
}

export function readCommands(listed) {
  const commands = listed.map(readCommand);
  const names = formsOf(commands).map(({ name }) => name);
  const repeated = names.filter((name, index) => names.indexOf(name) < index);
  if (repeated.length > 0) throw new Error(`commands.json: ${repeated.join(", ")}: listed twice`);
  for (const { name, op, claims, needsMemory } of commands) {
    const main = commands.find((other) => other.name === op);
    if (main === undefined) throw new Error(`commands.json: there is no command ${op}`);
    if (main.claims !== claims || main.needsMemory !== needsMemory) {
      throw new Error(`commands.json: ${name} and ${op} differ in whether they claim or need memory`);
    }
  }
  return commands;
}

/** Every name that the script understands; `runs` is the command behind it. */
function formsOf(commands) {
  return commands.flatMap((command) => {
    const { name, fence, arguments: args } = command;
    const plain = { ...command, runs: name, count: args.length, fenced: false };
    const fenced = { ...plain, count: args.length + 1, fenced: true };
    if (fence === "required") return [fenced];
    return fence === "never" ? [plain] : [plain, { ...fenced, name: name + fencedSuffix }];
  });
}

/** The tables that `run.lua` describes. */
export function commandTables(commands) {
  const forms = formsOf(commands);
  const table = (name, chosen, write) =>
    `local ${name} = { ${chosen.map((form) => `${form.name} = ${write(form)}`).join(", ")} }`;
  return [
    table("argumentCount", forms, ({ count }) => count),
    table(
      // The name is part of the text that servers cache by its hash.
      "heedsQueues",
      forms.filter(({ respectsQueues }) => respectsQueues),
      () => true,
    ),
    table(
      "sharesSideKeys",
      forms.filter((form) => form.sharesSideKeys),
      () => true,
    ),
    table(
      "fencedCommand",
      forms.filter(({ fenced }) => fenced),
      ({ runs }) => `'${runs}'`,
    ),
    table(
      "readsReaders",
      forms.filter(({ readsReaders }) => readsReaders),
      () => true,
    ),
    table(
      "needsNoMemory",
      forms.filter(({ needsMemory }) => !needsMemory),
      () => true,
    ),
  ];
}

/** The TypeScript tables. */
export function commandModule(commands) {
  const main = commands.filter(({ name, op }) => name === op);
  const trait = ({ op, needsMemory, claims }) =>
    `  ${op}: { needsMemory: ${needsMemory}, claims: ${claims} },`;
  return [
    "/**",
    " * The commands that the script understands, by name. `arguments` follow the name in ARGV. `fencedName` is the name to",
    " * send with a fence, which is then the last argument; it is null if the command takes no fence.",
    " */",
    "export const commands = {",
    ...commands.map(commandEntry),
    "} as const;",
    "",
    "/**",
    " * What each operation does. `needsMemory`: a node must remember everything that it granted to execute it. `claims`: it",
    " * may set a key.",
    " */",
    "export const traits = {",
    ...main.map(trait),
    "} as const;",
    "",
    `export type ClaimingOp = ${main
      .filter(({ claims }) => claims)
      .map(({ op }) => `"${op}"`)
      .join(" | ")};`,
  ];
}

function commandEntry({ name, arguments: args, fence, respectsQueues, sharesSideKeys, readsReaders }) {
  const fencedName = { never: null, required: name, optional: name + fencedSuffix }[fence];
  const entry = { name, arguments: args, fencedName, respectsQueues, sharesSideKeys, readsReaders };
  const literal = (value) => JSON.stringify(value).replaceAll(",", ", ");
  const values = Object.entries(entry).map(([key, value]) => `${key}: ${literal(value)}`);
  return `  ${name}: { ${values.join(", ")} },`;
}
