/**
 * The child's side of child.mjs. `prepare(job)` opens and warms up the system, and returns the function that runs one
 * measurement per order.
 */
import { on } from "node:events";

/** The measurements count lost leases and broken connections; an unhandled rejection in a peer must not end them. */
process.on("unhandledRejection", () => {});
process.on("disconnect", () => process.exit());

export async function serve(prepare) {
  try {
    let measure;
    for await (const [message] of on(process, "message")) {
      // The first message is the job.
      if (measure === undefined) {
        measure = await prepare(message);
        process.send({ result: "ready" });
      } else {
        process.send({ result: await measure(message) });
      }
    }
  } catch (error) {
    process.send({ error: error.stack });
  }
}
