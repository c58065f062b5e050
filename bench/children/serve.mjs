/**
 * The child's side of child.mjs: `prepare(job)` opens and warms up what is measured, and gives the function that
 * measures it, for each order.
 */
import { on } from "node:events";

/** Lost leases and broken connections are counted where they matter; a peer's stray rejection ends no measurement. */
process.on("unhandledRejection", () => {});
process.on("disconnect", () => process.exit());

export async function serve(prepare) {
  try {
    let measure;
    for await (const [message] of on(process, "message")) {
      // The first one is the job.
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
