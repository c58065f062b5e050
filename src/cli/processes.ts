import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

/** One process, with the fields needed to find the members of a job. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Undefined if the system does not report it. */
  readonly session: number | undefined;
  /** Differs between two processes with the same pid; has no other meaning. */
  readonly start: string;
  /** The process is dead and only waits for its parent to collect it: there is nothing to end. */
  readonly zombie: boolean;
}

/** All visible processes; undefined if the system does not report them. */
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
  const fields = statOf(pid);
  if (fields === undefined) return undefined;
  return {
    pid: Number(pid),
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    start: fields[19] ?? "",
    zombie: fields[0] === "Z" || fields[0] === "X",
  };
}

/** The fields of proc(5) after the name: state, ppid, pgrp, session, tty_nr, tpgid, ... The name may contain anything. */
function statOf(pid: string): string[] | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
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

/** Whether the process was started with this setting in its environment; false if the system does not report it. */
export function hasEnvironment(pid: number, setting: string): boolean {
  if (process.platform !== "linux") return false;
  return readOrUndefined(`/proc/${pid}/environ`)?.split("\0").includes(setting) ?? false;
}

/** Processes may end at any time, and those of other users may not be readable. */
function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}

/** The start time of `pid`, to recognise the process by; undefined if there is no such process. */
export function startOf(pid: number): string | undefined {
  if (process.platform === "linux") return readRow(String(pid))?.start;
  return fromPs()?.find((row) => row.pid === pid)?.start;
}

/**
 * Whether this process is in the foreground of its terminal, which then sends the signals of its keys to the whole process
 * group. Without /proc, a process in the background of a terminal is taken for one in the foreground.
 */
export function isInForeground(): boolean {
  const fields = statOf("self");
  return fields === undefined ? hasTerminal() : fields[2] === fields[5];
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
