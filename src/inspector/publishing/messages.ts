import { clip } from "../../support/redaction.js";
import type { Beat, Frame, LockView, Step } from "../feed/frames.js";
import { longestMessage } from "./channel.js";

type Head = Pick<Frame, "source" | "seq" | "time">;

/** A frame that holds a list. */
type Listing = Extract<Frame, { kind: "steps" | "locks" | "gone" }>;

/** Room for what stands around a list. */
const headSize = 1_000;
/** Items of one message, which is what a frame may hold. */
const mostItems = 1_000;

/**
 * As few messages as fit them, each a frame of its own; made one by one, so that who takes no more of them pays for no
 * more. `head`: called for each.
 */
export function* messagesOf(
  kind: Listing["kind"],
  items: Iterable<Step | LockView | string>,
  head: () => Head,
): Iterable<string> {
  let texts: string[] = [];
  let size = headSize;
  const close = () =>
    `${JSON.stringify({ ...head(), kind }).slice(0, -1)},"${nameOf(kind)}":[${texts.join(",")}]}`;
  for (const item of items) {
    const text = textOf(item);
    const length = Buffer.byteLength(text) + 1;
    if (texts.length === mostItems || (size + length > longestMessage && texts.length > 0)) {
      yield close();
      texts = [];
      size = headSize;
    }
    texts.push(text);
    size += length;
  }
  if (texts.length > 0) yield close();
}

export function beatMessage(beat: Beat): string {
  const text = JSON.stringify(beat);
  if (Buffer.byteLength(text) <= longestMessage) return text;
  // Many nodes with long names.
  const nodes = beat.nodes.map((node) => ({ ...node, name: clip(node.name, 60), cause: null, step: null }));
  return JSON.stringify({ ...beat, owner: clip(beat.owner, 60), prefix: clip(beat.prefix, 60), nodes });
}

const nameOf = (kind: Listing["kind"]): string => (kind === "steps" ? "steps" : "locks");

/** One that fits: the votes of very many nodes are left out. */
function textOf(item: Step | LockView | string): string {
  const text = JSON.stringify(item);
  if (typeof item === "string" || Buffer.byteLength(text) <= longestMessage - headSize) return text;
  const lock = "lock" in item ? { ...item, lock: { ...item.lock, round: null } } : { ...item, round: null };
  return JSON.stringify(lock);
}
