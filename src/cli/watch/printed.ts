import { within } from "../bounded.js";
import { output } from "../output.js";

/** Bytes that wait for whoever reads; what comes then is left out. */
const mostUnread = 8 * 1024 * 1024;
/** ms for which the end waits for them. */
const patience = 1_000;

/** Standard output that never grows without bounds, however slowly it is read. */
export class Printed {
  #left = 0;

  print(write: () => void): void {
    if (process.stdout.writableLength > mostUnread) this.#left += 1;
    else write();
  }

  async end(): Promise<void> {
    if (this.#left > 0)
      output.complain(`left out ${this.#left} lines, which came faster than they were read`);
    // The process is ended with what it has not written yet.
    await within(patience, new Promise((resolve) => process.stdout.write("", resolve)));
  }
}
