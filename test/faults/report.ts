import { markdownTable } from "markdown-table";
import { formatDuration } from "../../src/cli/duration.js";
import { standardOptions } from "./testbed.js";
import type { Verdict } from "./verdict.js";

/** The minimum numbers for a run of ten minutes to be significant; shorter runs need a proportional share. */
const enough = { acquisitions: 50_000, faults: 500, terms: 500, per: 600_000 } as const;
/** The maximum time until the next grant while a minority is down, in node timeouts. */
const timeouts = 2;

export interface Ran {
  readonly seed: number;
  /** ms. */
  readonly for: number;
}

/** Lists the minimum numbers that the run missed, and its problems. */
export function misses(verdict: Verdict, { for: ms }: Ran): string[] {
  const share = Math.min(1, ms / enough.per);
  const short = (["acquisitions", "faults"] as const).flatMap((what) => {
    const wanted = Math.floor(enough[what] * share);
    return verdict[what] >= wanted ? [] : [`${verdict[what]} ${what}, less than ${wanted}`];
  });
  const terms = Math.floor(enough.terms * share);
  if (verdict.elections.terms < terms) short.push(`${verdict.elections.terms} terms, less than ${terms}`);
  const bound = timeouts * standardOptions.nodeTimeout;
  // The maximum depends on other work on the machine, so it is only reported.
  const { p99 } = verdict.availability;
  if (verdict.class === "in bounds" && p99 > bound) {
    short.push(`with a minority down, ${inMs(p99)} (p99) until the next grant, more than ${bound} ms`);
  }
  return [...short, ...verdict.problems];
}

const count = (value: number) => value.toLocaleString("en-US");
const inMs = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** Formats the verdict as a Markdown table. */
export function reportOf(verdict: Verdict, { seed, for: ms }: Ran): string {
  const { availability: free, losses } = verdict;
  const kinds = Object.entries(verdict.faultsByKind).sort(([, a], [, b]) => b - a);
  const overlap = verdict.overlaps.reduce((most, { ms }) => Math.max(most, ms), 0);
  const isBeyond = verdict.class === "beyond";
  const rows: [string, string][] = [
    ["run", `seed ${seed}, ${formatDuration(ms)}`],
    ["acquisitions", `${count(verdict.acquisitions)}, of them ${count(verdict.uncontended)} uncontended`],
    [
      "permits of semaphores; shared leases",
      `${count(verdict.partial.permit)}; ${count(verdict.partial.share)}`,
    ],
    ["renewals; writes to the recorder", `${count(verdict.renewals)}; ${count(verdict.writes)}`],
    ["late writes that the recorder refused by their fence", count(verdict.refused)],
    ["faults", count(verdict.faults)],
    ["quarantines, each as a process saw it", count(verdict.quarantines)],
    ["**violations**", `**${verdict.violations.length}**`],
    [
      "overlaps",
      isBeyond
        ? `${verdict.overlaps.length} (counted, not promised), the longest ${inMs(overlap)}`
        : `${verdict.overlaps.length}`,
    ],
    [
      "fences repeated; stepped back",
      ["repeat", "step back"].map((kind) => fenceFaults(verdict, kind)).join("; "),
    ],
    ["leases lost; reported in time", `${losses.lost}; ${losses.inTime - losses.untold.length}`],
    [
      "reported after the deadline, at most",
      `${inMs(losses.maxOverdue)} (${losses.awake} whose process ran)`,
    ],
    [
      "reported after resuming, at most",
      `${inMs(losses.maxAfterResuming)} (${losses.lost - losses.awake} whose process was stalled)`,
    ],
    [
      "from a fault of a server to the next grant, each client",
      `median ${inMs(free.p50)}, p99 ${inMs(free.p99)}, at most ${inMs(free.most)} (${count(free.measures)} measured${free.starved > 0 ? `, ${count(free.starved)} left out: a process of the run got no processor time` : ""})`,
    ],
    [
      "longest time without a grant, one client; all",
      `${inMs(free.longestForOne)}; ${inMs(free.longestForAll)}`,
    ],
    ...livenessRows(verdict),
    [
      "acquisitions that failed",
      Object.entries(verdict.errors)
        .map(([code, times]) => `${code} ${times}`)
        .join(", ") || "0",
    ],
  ];
  return [
    markdownTable([
      [`faults ${verdict.class === "beyond" ? "beyond the assumptions" : "in bounds"}`, ""],
      ...rows,
    ]),
    "",
    `Faults: ${kinds.map(([kind, times]) => `${kind} (${times})`).join("; ")}.`,
  ].join("\n");
}

function livenessRows({
  liveness,
  order,
  elections,
  leftAtTheEnd,
  class: name,
}: Verdict): [string, string][] {
  const { recoveries, longest, left, longestLeft, kept } = liveness;
  const share = (part: number) =>
    inMs(recoveries[Math.min(recoveries.length - 1, Math.floor(part * recoveries.length))] ?? 0);
  const rows: [string, string][] = [
    [
      "from the end of a fault to a server's next vote, each process",
      `median ${share(0.5)}, p99 ${share(0.99)}, at most ${share(1)} (${count(recoveries.length)} measured)`,
    ],
    [
      "keys seen after the end of their lease; undisturbed, at most",
      `${count(left)}; ${inMs(longestLeft)} (${count(leftAtTheEnd.length)} left at the end)`,
    ],
  ];
  if (name === "beyond") return rows;
  return [
    ...rows,
    [
      "longest undisturbed time of a process without a free lock; a fence of a new resource; its turn in the queue; a permit; a shared or exclusive lease",
      [longest.free, longest.fresh, longest.line, longest.permit, longest.share].map(inMs).join("; "),
    ],
    [
      "queued and served without a disturbance; after a later waiter",
      `${count(order.served)}; ${count(order.overtaken)}, by ${order.most} at most`,
    ],
    [
      "terms of an election of all processes; of two leaders at the same time",
      `${count(elections.terms)}; ${count(elections.overlaps.length)}`,
    ],
    ["leases of 10 s, renewed until their release", count(kept)],
  ];
}

const fenceFaults = ({ fenceFaults: faults }: Verdict, kind: string) =>
  `${faults.filter((fault) => fault.kind === kind).length}`;
