import { execFileSync } from "node:child_process";

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly args: string;
}

function table(): Row[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    return [{ pid: Number(match[1]), parent: Number(match[2]), state: match[3] ?? "", args: match[4] ?? "" }];
  });
}

/** A zombie counts as gone: its parent may collect it late, or never. */
export const isGone = (pid: number): boolean =>
  !table().some((row) => row.pid === pid && !row.state.startsWith("Z"));

/** The watchdog of this holdfast process. */
export function watchdogOf(pid: number): number | undefined {
  return table().find((row) => row.parent === pid && /watchdog\.js$/.test(row.args))?.pid;
}
