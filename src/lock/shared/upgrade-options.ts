import { checkDuration, checkSignal } from "../../support/checks.js";
import { checkKnown } from "../option-checks.js";

/** Options of `lease.upgrade()`. */
export interface UpgradeOptions {
  /**
   * ms that the upgrade may wait until no other lease shares the resources. 0 makes a single attempt. Infinity waits forever.
   * Default: the `wait` of the acquisition.
   */
  readonly wait?: number | undefined;
  /** Aborts the wait: the upgrade rejects with the signal's reason, and the lease stays shared. */
  readonly signal?: AbortSignal | undefined;
}

/** The checked options. */
export interface UpgradeSettings {
  readonly wait: number;
  readonly signal: AbortSignal | null;
}

/** Checks the options. `wait`: the default. @throws InvalidOptionError. */
export function upgradeSettingsOf(options: UpgradeOptions | undefined, wait: number): UpgradeSettings {
  checkKnown("upgrade", options);
  return {
    wait: options?.wait === undefined ? wait : checkDuration("wait", options.wait, 0),
    signal: options?.signal === undefined ? null : checkSignal(options.signal),
  };
}
