/**
 * Writes the charts of the machines as Mermaid diagrams, from the built machines themselves: to a file each, and the
 * lock's into the README.
 * With --check it writes nothing, and fails when a committed chart no longer shows its machine.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { lockMachine } from "../dist/esm/machines/lock.js";
import { managerMachine } from "../dist/esm/machines/manager.js";
import { nodeMachine } from "../dist/esm/machines/node.js";

const nameOf = (node) => node.path.join("_");

/** Of this state: those that stay within its parent, or those that leave it, which Mermaid wants outside. */
function* transitions(node, leaving) {
  for (const list of node.transitions.values()) {
    for (const { eventType, target, guard } of list) {
      const to = target?.[0] ?? node;
      if (leaving !== (to.parent !== node.parent)) continue;
      const when = guard === undefined ? "" : ` [${typeof guard === "string" ? guard : guard.type}]`;
      yield `${nameOf(node)} --> ${nameOf(to)}: ${eventType}${when}`;
    }
  }
}

function* describe(node, indent) {
  const children = Object.values(node.states);
  const initial = node.initial.target[0];
  yield `${indent}[*] --> ${nameOf(initial)}`;
  for (const child of children) {
    const actions = child.entry.map((action) => (typeof action === "string" ? action : action.type));
    if (Object.keys(child.states).length > 0) {
      yield `${indent}state "${child.key}" as ${nameOf(child)} {`;
      yield* describe(child, `${indent}  `);
      yield `${indent}}`;
    } else {
      yield `${indent}state "${[child.key, ...actions.map((name) => `entry / ${name}`)].join("\\n")}" as ${nameOf(child)}`;
    }
  }
  for (const child of children) {
    for (const line of transitions(child, false)) yield indent + line;
    for (const inner of Object.values(child.states))
      for (const line of transitions(inner, true)) yield indent + line;
  }
}

const draw = (machine) => `${["stateDiagram-v2", ...describe(machine.root, "  ")].join("\n")}\n`;

/** Each file, and what it should say. */
function* files() {
  for (const machine of [lockMachine, nodeMachine, managerMachine]) {
    yield [`visualizations/charts/${machine.id}.mmd`, draw(machine)];
  }
  const readme = readFileSync("README.md", "utf8");
  yield [
    "README.md",
    readme.replace(/(```mermaid\n).*?(```)/s, (_, open, close) => open + draw(lockMachine) + close),
  ];
}

for (const [file, text] of files()) {
  if (!process.argv.includes("--check")) {
    writeFileSync(file, text);
  } else if (readFileSync(file, "utf8") !== text) {
    console.error(`${file} no longer shows the machine: npm run charts`);
    process.exitCode = 1;
  }
}
