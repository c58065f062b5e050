import type { Deadline } from "./deadline.js";

/** The messages from `holdfast` to its watchdog, one line of JSON each. */
export type WatchdogMessage =
  /** Sent before the command starts. `grace` in ms; `json`: how to write messages. */
  | {
      readonly kind: "starting";
      readonly mark: string;
      readonly ownGroup: boolean;
      readonly grace: number;
      readonly json: boolean;
    }
  /** `start` identifies the process, because its pid may be reused. */
  | { readonly kind: "started"; readonly pid: number; readonly start: string | null }
  /** The lock is now valid until this deadline. */
  | ({ readonly kind: "deadline" } & Deadline)
  /** The job has been asked to end; SIGKILL is due in `grace` ms. `groupOnly`: only what is left of its group. */
  | { readonly kind: "ending"; readonly grace: number; readonly groupOnly: boolean }
  /** The command has ended; nothing is left to guard. */
  | { readonly kind: "done" };

/** What the watchdog writes when it is ready for messages. */
export const readyLine = "ready\n";
