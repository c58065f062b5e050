import { median } from "../stats.mjs";
import { environmentReport } from "./environment.mjs";
import { counted, figure, percent, ranged, table, times } from "./format.mjs";

const goals = { frames: 0.85, server: 0.05 };
const verdict = (isMet, goal) => `${isMet ? "met" : "**missed**"}: ${goal}`;

const over = (rounds, key) => rounds.map((round) => round[key]);
/** The median of the rounds' ratios, so that a temporary slowdown of the machine affects both values. */
const ratioOf = (values, base) => median(values.map((value, round) => value / base[round]));

export function pageReport({ environment, locks, stepsPerSecond, rounds, duration, results }) {
  const { empty, page, server, watched, unwatched } = results;
  const frames = ratioOf(page, empty);
  const [cost, base] = [over(watched, "cpu"), over(unwatched, "cpu")];
  const rows = [
    ["frames/s of an empty page", ranged(empty), "", ""],
    [
      "frames/s of the page",
      ranged(page),
      times(frames),
      verdict(frames >= goals.frames, `≥ ${goals.frames}×`),
    ],
    [
      "server (`holdfast ui`), of a core",
      ranged(server, percent),
      "",
      verdict(median(server) <= goals.server, `≤ ${percent(goals.server)}`),
    ],
    ["locks' process, of a core, unwatched", ranged(base, percent), "", ""],
    ["locks' process, of a core, with the page open", ranged(cost, percent), times(ratioOf(cost, base)), ""],
  ];
  const columns = ["", "value", "to the line above", "goal"].map((title, at) => [title, (row) => row[at]]);
  return [
    environmentReport(environment),
    `${counted(locks, "held lock")} of one process on 3 nodes, ${figure(stepsPerSecond)} steps/s (${figure(median(over(watched, "stepsPerSecond")))} measured); ${counted(rounds, "round")} of ${figure(duration / 1_000)} s. The page shows the list, in Chromium at 1280 × 800. The ratios are the medians of those of the rounds.`,
    table(rows, columns),
  ].join("\n\n");
}
