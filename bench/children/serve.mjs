/**
 * The child's side of child.mjs: `prepare(job)` opens and warms up what is measured, and gives the function that
 * measures it.
 */
import { once } from "node:events";

/** Lost leases and broken connections are counted where they matter; a peer's stray rejection ends no measurement. */
process.on("unhandledRejection", () => {});
process.on("disconnect", () => process.exit());

export async function serve(prepare) {
  try {
    const [job] = await once(process, "message");
    const measure = await prepare(job);
    const ordered = once(process, "message");
    process.send({ result: "ready" });
    const [order] = await ordered;
    process.send({ result: await measure(order) });
  } catch (error) {
    process.send({ error: error.stack });
  }
}
