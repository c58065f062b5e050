import type { Deadline } from "./deadline.js";

/** What `holdfast` tells its watchdog: one line of JSON each. */
export type WatchdogMessage =
  /** Before the command starts. `grace` in ms; `json`: how to complain. */
  | {
      readonly tell: "starting";
      readonly mark: string;
      readonly ownGroup: boolean;
      readonly grace: number;
      readonly json: boolean;
    }
  /** `start` recognises the process: its pid alone may later be another's. */
  | { readonly tell: "started"; readonly pid: number; readonly start: string | null }
  /** The lock now lasts until then. */
  | ({ readonly tell: "deadline" } & Deadline)
  /** The job was asked to end; SIGKILL is due in `grace` ms. `groupOnly`: only what is left of its group. */
  | { readonly tell: "ending"; readonly grace: number; readonly groupOnly: boolean }
  /** The command ended, nothing is left to guard. */
  | { readonly tell: "done" };

/** What the watchdog writes once it listens. */
export const readyLine = "ready\n";
