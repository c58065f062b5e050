import { hasEnvironment, type ProcessRow, processTable, startOf } from "./processes.js";

/** The command's first process. */
export interface Leader {
  readonly pid: number;
  /** See `startOf`: a pid alone may belong to another process by now. Undefined if the system does not report it. */
  readonly start: string | undefined;
}

/** Which processes to end when the lock is lost. */
export interface JobDescription {
  /** `NAME=value` in the environment of everything that the command started, unless the command removed it. */
  readonly mark: string;
  /** Whether the command leads a process group and a session of its own (not with --foreground). */
  readonly ownGroup: boolean;
  readonly leader: Leader | undefined;
}

/** All processes that a command started, as far as they can be found. Signals are never sent to this process. */
export class Job {
  #leader: Leader | undefined;
  #groupOnly = false;

  constructor(readonly description: JobDescription) {
    this.#leader = description.leader;
  }

  set leader(leader: Leader) {
    this.#leader = leader;
  }

  /**
   * Restricts the job to the command's group: the command ended by itself, and what left the group was meant to stay.
   */
  narrow(): void {
    this.#groupOnly = true;
  }

  members(): readonly number[] {
    const rows = processTable();
    if (rows === undefined) return this.#signalWithoutTable(0) ? [this.#leader?.pid ?? 0] : [];
    return this.#find(rows).map((row) => row.pid);
  }

  /**
   * Sends the signal to all members. The group is signalled first and by one call, because reading a long process
   * table takes time.
   */
  signal(signal: NodeJS.Signals): void {
    const group = this.description.ownGroup ? this.#leader : undefined;
    const reached = group !== undefined && isLeader(group, startOf(group.pid)) && send(-group.pid, signal);
    const rows = processTable();
    if (rows === undefined) return void (reached || this.#signalWithoutTable(signal));
    const members = this.#find(rows);
    const inGroup = (row: ProcessRow) => group !== undefined && row.group === group.pid;
    if (group !== undefined && !reached && members.some(inGroup)) send(-group.pid, signal);
    for (const row of members) if (!inGroup(row)) send(row.pid, signal);
  }

  /**
   * Signals the leader's pid or group when there is no process table (no /proc, no ps). Returns whether it reached a
   * process.
   */
  #signalWithoutTable(signal: NodeJS.Signals | 0): boolean {
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
      return !row.zombie && hasEnvironment(row.pid, mark);
    };
    const found = new Set(rows.filter(belongs).map((row) => row.pid));
    if (!this.#groupOnly) addDescendants(rows, found);
    found.delete(process.pid);
    return rows.filter((row) => found.has(row.pid) && !row.zombie);
  }

  /** Returns undefined once another process has the leader's pid, and thus perhaps another group its number. */
  #knownLeader(rows: readonly ProcessRow[]): Leader | undefined {
    const leader = this.#leader;
    if (leader === undefined) return undefined;
    const row = rows.find(({ pid }) => pid === leader.pid);
    if (row === undefined) return this.description.ownGroup ? leader : undefined;
    return isLeader(leader, row.start) ? leader : undefined;
  }
}

/** If the start time is unknown, the pid has to suffice. */
const isLeader = (leader: Leader, start: string | undefined): boolean =>
  start !== undefined && (leader.start === undefined || start === leader.start);

function addDescendants(rows: readonly ProcessRow[], found: Set<number>): void {
  // Children may be listed before their parents, so this repeats until nothing is added, at most once per row.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const row of rows) if (found.has(row.parent)) found.add(row.pid);
  }
}

/** Returns false if no process received the signal: it has ended, or it is another user's (EPERM). */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
