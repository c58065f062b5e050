import { formatDuration } from "../../duration.js";
import { CommandError, exitCode } from "../../exit.js";
import { output } from "../../output.js";
import { plain } from "../../plain.js";
import type { Target } from "../target.js";
import { count } from "../words.js";
import { maxKeys } from "./lock-keys.js";
import { describeObstacle } from "./obstacle.js";
import { type AwaitedNode, type WaitOptions, type WaitResult, waitForNodes } from "./wait.js";

/** ms after which a progress line is repeated although nothing has changed. */
const repeatMs = 10_000;

type ReportOptions = Omit<WaitOptions, "onLook"> & { readonly json: boolean };

/** `holdfast doctor --wait`. Resolves with the exit code. @throws CommandError if the wait runs out. */
export async function reportWait(
  targets: readonly Target[],
  { json, ...options }: ReportOptions,
): Promise<number> {
  const onLook = process.stderr.isTTY ? progress((line) => output.error(line), Date.now) : () => undefined;
  const result = await waitForNodes(targets, { ...options, onLook });
  const code = result.awaited.length === 0 ? exitCode.ok : exitCode.contended;
  if (json) output.json(documentOf(targets, result, code), "stdout");
  if (code !== exitCode.ok) throw new CommandError(code, overdueLine(result));
  if (!json) output.print(readyLine(result));
  return code;
}

/** Prints a line when the nodes that are waited for, or the reasons, have changed, and every ten seconds. */
export function progress(
  print: (line: string) => void,
  clock: () => number,
): (awaited: readonly AwaitedNode[]) => void {
  let shown = "";
  let at = Number.NEGATIVE_INFINITY;
  return (awaited) => {
    const now = clock();
    const key = awaited.map(({ node, why }) => `${node} ${why}`).join();
    if (awaited.length === 0 || (key === shown && now - at < repeatMs)) return;
    [shown, at] = [key, now];
    print(`waiting for ${awaited.map(describe).join("; and for ")}`);
  };
}

/** One line: which nodes are waited for, for how long, and why. */
const overdueLine = ({ waited, awaited }: WaitResult): string =>
  `the wait ran out after ${formatDuration(waited)}: still waiting for ${awaited.map(describe).join("; and for ")}`;

const describe = (node: AwaitedNode): string =>
  `${node.node}, for ${formatDuration(node.awaited)}: ${plain(describeObstacle(node))}`;

function readyLine({ waited, locks, complete }: WaitResult): string {
  const compared = locks === null ? "" : `, ${count(locks, "lock")} compared`;
  const bound = complete
    ? ""
    : `; only the first ${maxKeys.toLocaleString("en")} keys of each node were looked at`;
  return `every node votes and is healed (waited ${formatDuration(waited)}${compared})${bound}`;
}

/** What --json prints. */
function documentOf(
  targets: readonly Target[],
  { waited, awaited, locks, complete }: WaitResult,
  code: number,
) {
  const nodes = targets.map(({ name }) => {
    const one = awaited.find(({ node }) => node === name);
    if (one === undefined) return { node: name, ready: true };
    const { why, cause, left, missing } = one;
    return { node: name, ready: false, why, cause, left, missing, awaited: one.awaited };
  });
  return { version: 1, exitCode: code, ready: awaited.length === 0, waited, locks, complete, nodes };
}
