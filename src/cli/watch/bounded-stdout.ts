import { within } from "../bounded.js";
import { output } from "../output.js";

/** Maximum number of bytes waiting for the reader; further lines are left out. */
const maxUnread = 8 * 1024 * 1024;
/** Time in ms for which `end` waits for them. */
const drainTimeout = 1_000;

/** Standard output with a bounded buffer, however slowly the reader reads. */
export class BoundedStdout {
  #omitted = 0;

  print(write: () => void): void {
    if (process.stdout.writableLength > maxUnread) this.#omitted += 1;
    else write();
  }

  async end(): Promise<void> {
    if (this.#omitted > 0)
      output.error(`left out ${this.#omitted} lines, which came faster than they were read`);
    // The process exits afterwards, whatever it has not written yet.
    await within(drainTimeout, new Promise((resolve) => process.stdout.write("", resolve)));
  }
}
