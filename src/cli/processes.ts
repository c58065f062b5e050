import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One process, as far as it matters for finding who belongs to a job. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Undefined where the system does not tell. */
  readonly session: number | undefined;
  /** Differs between two processes that had the same pid; means nothing else. */
  readonly start: string;
  /** Dead, but not yet collected by its parent: nothing more to end. */
  readonly zombie: boolean;
}

/** Every process that can be seen, now; undefined if the system would not say. */
export function processTable(): ProcessRow[] | undefined {
  return process.platform === "linux" ? fromProc() : fromPs();
}

function fromProc(): ProcessRow[] | undefined {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readRow(name) ?? []) : []));
  } catch {
    return undefined;
  }
}

function readRow(pid: string): ProcessRow | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // proc(5): the name in parentheses may hold anything, so fields are counted from behind it: state, ppid, pgrp, ...
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    pid: Number(pid),
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    start: fields[19] ?? "",
    zombie: fields[0] === "Z" || fields[0] === "X",
  };
}

function fromPs(): ProcessRow[] | undefined {
  try {
    const text = execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="], {
      encoding: "utf8",
      timeout: 1_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.split("\n").flatMap((line) => {
      const [pid, parent, group, state, ...start] = line.trim().split(/\s+/);
      if (pid === undefined || state === undefined) return [];
      return [
        {
          pid: Number(pid),
          parent: Number(parent),
          group: Number(group),
          session: undefined,
          start: start.join(" "),
          zombie: state.startsWith("Z"),
        },
      ];
    });
  } catch {
    return undefined;
  }
}

/** Whether the process was started with this in its environment; false where the system does not tell. */
export function carries(pid: number, setting: string): boolean {
  if (process.platform !== "linux") return false;
  return readOrUndefined(`/proc/${pid}/environ`)?.split("\0").includes(setting) ?? false;
}

/** Processes end while they are looked at, and those of others may not be read. */
function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}

/** When `pid` started, to recognise it by; undefined if there is no such process. */
export function startOf(pid: number): string | undefined {
  if (process.platform === "linux") return readRow(String(pid))?.start;
  return fromPs()?.find((row) => row.pid === pid)?.start;
}
