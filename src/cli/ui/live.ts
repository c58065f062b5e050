import { recogniseNode } from "../../clients/recognise.js";
import { frameChannel } from "../../inspector/publishing/channel.js";
import {
  type FrameSubscription,
  newerMessage,
  subscribeToFrames,
} from "../../inspector/publishing/frame-subscription.js";
import { Hub } from "../../inspector/server/hub.js";
import { prometheusOfAggregate } from "../../telemetry/prometheus-aggregate.js";
import { within } from "../bounded.js";
import { NodeConnections } from "../node-connections.js";
import { output } from "../output.js";
import { plain } from "../plain.js";
import type { Presentation } from "./presentation.js";

/** Time in ms that closing the connections may take. */
const closeTimeout = 1_000;
/** Interval in ms at which silent processes are removed. */
const checkInterval = 1_000;
/** Time in ms within which a publishing process has sent a beat. */
const firstBeatTimeout = 3_000;
/** Time in ms after which a silent process is removed. */
const silenceTimeout = 60_000;

/**
 * Shows the locks of all processes that publish them over these nodes. `timeout`: time in ms within which at least
 * one node must answer, unless `over` aborts first.
 * @throws CommandError if no node can be reached
 */
export async function showLive(
  addresses: readonly string[],
  timeout: number,
  over: AbortSignal,
): Promise<Presentation> {
  const nodes = addresses.map((address, index) => recogniseNode(address, index));
  const connections = new NodeConnections(nodes, (what) => output.error(what));
  const hub = new Hub();
  let subscription: FrameSubscription | null = null;
  let timer: NodeJS.Timeout | undefined;
  const end = async () => {
    clearInterval(timer);
    connections.stop();
    // Closing the subscription closes the nodes as well.
    const closed =
      subscription === null ? Promise.all(nodes.map((node) => node.close())) : subscription.close();
    await within<unknown>(closeTimeout, closed);
  };
  try {
    await connections.waitForAny(timeout, over);
  } catch (error) {
    await end();
    throw error;
  }
  subscription = subscribeToFrames(nodes, (frame) => hub.receive(frame), {
    onNewer: (publisher) => output.error(plain(newerMessage(publisher))),
  });
  timer = startChecks(hub, subscription);
  return {
    title: "Holdfast",
    hub,
    recording: null,
    metrics: () => prometheusOfAggregate(hub.aggregate, hub.totals),
    end,
  };
}

/** Removes silent processes, and explains once why there is nothing to see. */
function startChecks(hub: Hub, subscription: FrameSubscription): NodeJS.Timeout {
  const began = performance.now();
  const { aggregate } = hub;
  let isWarned = false;
  return setInterval(() => {
    hub.checkSilence();
    aggregate.removeSilent(Date.now() - silenceTimeout);
    if (isWarned || performance.now() - began < firstBeatTimeout) return;
    isWarned = true;
    if (subscription.subscribedNodes === 0) {
      output.error(`no node can be listened to: they must allow SUBSCRIBE on channel ${frameChannel}`);
    } else if (aggregate.sources.size === 0) {
      output.error("no process tells of its locks on these nodes yet: createLocks({ publish: true }) does");
    }
  }, checkInterval);
}
