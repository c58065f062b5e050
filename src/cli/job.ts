import { carries, type ProcessRow, processTable, startOf } from "./processes.js";

/** The command's first process. */
export interface Leader {
  readonly pid: number;
  /** See `startOf`: a pid alone may by now be another process's. Undefined if the system would not say. */
  readonly start: string | undefined;
}

/** What is to be ended when the lock is lost. */
export interface JobDescription {
  /** `NAME=value` in the environment of whatever the command started, unless it took it out. */
  readonly mark: string;
  /** Whether the command leads a process group and a session of its own (not with --foreground). */
  readonly ownGroup: boolean;
  readonly leader: Leader | undefined;
}

/** Everything a command started, as far as it can be found. Signals never reach this process. */
export class Job {
  #leader: Leader | undefined;
  #groupOnly = false;

  constructor(readonly description: JobDescription) {
    this.#leader = description.leader;
  }

  set leader(leader: Leader) {
    this.#leader = leader;
  }

  /** From now on only the command's group counts: it ended by itself, and what left the group was meant to stay. */
  narrow(): void {
    this.#groupOnly = true;
  }

  members(): readonly number[] {
    const rows = processTable();
    if (rows === undefined) return this.#blindly(0) ? [this.#leader?.pid ?? 0] : [];
    return this.#find(rows).map((row) => row.pid);
  }

  /** Sends the signal to all of them; to the group by one call, and at once: a long table takes its time. */
  signal(signal: NodeJS.Signals): void {
    const group = this.description.ownGroup ? this.#leader : undefined;
    const reached = group !== undefined && isLeader(group, startOf(group.pid)) && send(-group.pid, signal);
    const rows = processTable();
    if (rows === undefined) return void (reached || this.#blindly(signal));
    const members = this.#find(rows);
    const inGroup = (row: ProcessRow) => group !== undefined && row.group === group.pid;
    if (group !== undefined && !reached && members.some(inGroup)) send(-group.pid, signal);
    for (const row of members) if (!inGroup(row)) send(row.pid, signal);
  }

  /** Without a table (no /proc, no ps): what the leader's pid alone reaches. Whether there was anybody. */
  #blindly(signal: NodeJS.Signals | 0): boolean {
    if (this.#leader === undefined) return false;
    return send(this.description.ownGroup ? -this.#leader.pid : this.#leader.pid, signal);
  }

  #find(rows: readonly ProcessRow[]): ProcessRow[] {
    const { ownGroup, mark } = this.description;
    const leader = this.#knownLeader(rows)?.pid;
    const belongs = (row: ProcessRow) => {
      if (leader !== undefined && ownGroup && row.group === leader) return true;
      if (this.#groupOnly) return false;
      if (leader !== undefined && (row.pid === leader || (ownGroup && row.session === leader))) return true;
      return !row.zombie && carries(row.pid, mark);
    };
    const found = new Set(rows.filter(belongs).map((row) => row.pid));
    if (!this.#groupOnly) addDescendants(rows, found);
    found.delete(process.pid);
    return rows.filter((row) => found.has(row.pid) && !row.zombie);
  }

  /** Undefined once another process has its pid, and with it perhaps another group its number. */
  #knownLeader(rows: readonly ProcessRow[]): Leader | undefined {
    const leader = this.#leader;
    if (leader === undefined) return undefined;
    const row = rows.find(({ pid }) => pid === leader.pid);
    if (row === undefined) return this.description.ownGroup ? leader : undefined;
    return isLeader(leader, row.start) ? leader : undefined;
  }
}

/** Where its start is not known, its pid has to do. */
const isLeader = (leader: Leader, start: string | undefined): boolean =>
  start !== undefined && (leader.start === undefined || start === leader.start);

function addDescendants(rows: readonly ProcessRow[], found: Set<number>): void {
  // Children may be listed before their parents: again until nothing is added, at most once a row.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const row of rows) if (found.has(row.parent)) found.add(row.pid);
  }
}

/** False if there is nobody to get it: gone meanwhile, or not ours to end (EPERM). */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
