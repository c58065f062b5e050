import { recogniseNode } from "../../clients/recognise.js";
import { lifeChannel } from "../../inspector/publishing/channel.js";
import { type Listening, listenTo } from "../../inspector/publishing/listening.js";
import { Hub } from "../../inspector/server/hub.js";
import { prometheusOfWorld } from "../../telemetry/prometheus.js";
import { within } from "../bounded.js";
import { output } from "../output.js";
import { Reach } from "../reach.js";
import type { Showing } from "./ui.js";

/** ms that closing the connections may take. */
const partingTime = 1_000;
/** ms between two looks at how it goes. */
const lookEvery = 1_000;
/** ms in which a process that is there has told of itself. */
const patience = 3_000;
/** ms after which a process that tells nothing any more is forgotten. */
const silence = 60_000;

/**
 * The locks of all processes that tell of them over these nodes. `timeout`: ms in which one of them must answer, unless it
 * is `over` before. @throws CommandError where none does.
 */
export async function showLive(
  addresses: readonly string[],
  timeout: number,
  over: AbortSignal,
): Promise<Showing> {
  const nodes = addresses.map((address, index) => recogniseNode(address, index));
  const reach = new Reach(nodes, (what) => output.complain(what));
  const hub = new Hub();
  let listening: Listening | null = null;
  let timer: NodeJS.Timeout | undefined;
  const end = async () => {
    clearInterval(timer);
    reach.leave();
    // It closes the nodes with itself.
    const closed = listening === null ? Promise.all(nodes.map((node) => node.close())) : listening.close();
    await within<unknown>(partingTime, closed);
  };
  try {
    await reach.any(timeout, over);
  } catch (error) {
    await end();
    throw error;
  }
  listening = listenTo(nodes, (frame) => hub.hear(frame));
  timer = watchOver(hub, listening);
  return { title: "Holdfast", hub, recording: null, metrics: () => prometheusOfWorld(hub.aggregate), end };
}

/** Forgets who fell silent; and says, once, why there is nothing to see. */
function watchOver({ aggregate }: Hub, listening: Listening): NodeJS.Timeout {
  const began = performance.now();
  let isSaid = false;
  return setInterval(() => {
    aggregate.forget(Date.now() - silence);
    if (isSaid || performance.now() - began < patience) return;
    isSaid = true;
    if (listening.standing === 0) {
      output.complain(`no node can be listened to: they must allow SUBSCRIBE on channel ${lifeChannel}`);
    } else if (aggregate.sources.size === 0) {
      output.complain(
        "no process tells of its locks on these nodes yet: createLocks({ publish: true }) does",
      );
    }
  }, lookEvery);
}
