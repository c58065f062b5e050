/** What a process tells: see fixtures/process.mjs. Times are in ms of the clock that all processes of a machine share. */
export type Message =
  | { readonly kind: "ready" }
  | { readonly kind: "warning"; readonly code?: string; readonly message: string }
  | { readonly kind: "lost"; readonly resources: readonly string[]; readonly reason: string }
  | { readonly kind: "failed"; readonly message: string }
  | ({ readonly kind: "held" } & Interval)
  | ({ readonly kind: "short"; readonly asked: number; readonly fence: number } & Interval);

/** The time during which a process knew that it held the resource. */
interface Interval {
  readonly resource: string;
  readonly from: number;
  readonly until: number;
}

export interface Figures {
  readonly overlaps: number;
  readonly lost: number;
  readonly disorderedFences: number;
  readonly failed: number;
  readonly warnings: readonly string[];
  readonly shortLocks: number;
  readonly longLeases: number;
  /** ms; the longest time in which no process was granted a short lock. */
  readonly longestGap: number;
  /** ms; the longest wait for a short lock. */
  readonly longestWait: number;
  /** ms; the longest time for which a resource that is held by one process after the other had no holder. */
  readonly longestVacancy: number;
}

/** Collects what all processes tell, and counts what must not happen. */
export class Witness {
  private readonly intervals = new Map<string, (Interval & { readonly fence?: number })[]>();
  private readonly grants: number[] = [];
  private longestWait = 0;
  readonly warnings: string[] = [];
  readonly failures: string[] = [];
  readonly losses: string[] = [];

  hear(message: Message): void {
    if (message.kind === "warning") this.warnings.push(message.code ?? message.message);
    if (message.kind === "failed") this.failures.push(message.message);
    if (message.kind === "lost") this.losses.push(`${message.resources}: ${message.reason}`);
    if (message.kind !== "held" && message.kind !== "short") return;
    const known = this.intervals.get(message.resource) ?? [];
    this.intervals.set(message.resource, known);
    known.push(message);
    if (message.kind !== "short") return;
    this.grants.push(message.from);
    this.longestWait = Math.max(this.longestWait, message.from - message.asked);
  }

  get figures(): Figures {
    const pairs = [...this.intervals].flatMap(([resource, all]) =>
      pairsOf([...all].sort((a, b) => a.from - b.from)).map((pair) => ({ resource, pair })),
    );
    const gapsOf = (isHeld: boolean) =>
      pairs
        .filter(({ resource }) => resource.startsWith("held") === isHeld)
        .map(({ pair: [a, b] }) => b.from - a.until);
    return {
      overlaps: pairs.filter(({ pair: [a, b] }) => b.from < a.until).length,
      lost: this.losses.length,
      disorderedFences: pairs.filter(({ pair: [a, b] }) => (b.fence ?? 1) <= (a.fence ?? 0)).length,
      failed: this.failures.length,
      warnings: this.warnings,
      shortLocks: this.grants.length,
      longLeases: [...this.intervals].reduce(
        (sum, [name, all]) => sum + (name.startsWith("held") ? all.length : 0),
        0,
      ),
      longestGap: Math.max(0, ...pairsOf([...this.grants].sort((a, b) => a - b)).map(([a, b]) => b - a)),
      longestWait: this.longestWait,
      longestVacancy: Math.max(0, ...gapsOf(true)),
    };
  }
}

const pairsOf = <T>(all: readonly T[]): [T, T][] => all.slice(1).map((one, index) => [all[index] as T, one]);
