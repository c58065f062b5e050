import { clip } from "../../support/redaction.js";
import type { Beat, Frame, LockView, Step } from "../feed/frames.js";
import { frameVersion, maxMessageBytes } from "./channel.js";

type Head = Pick<Frame, "source" | "seq" | "time">;

/** A frame that holds a list. */
type Listing = Extract<Frame, { kind: "steps" | "locks" | "gone" }>;

/** Bytes reserved for the fields besides the list. */
const headBytes = 1_000;
/** Maximum number of items per message, equal to the maximum of a frame. */
const maxItems = 1_000;

/**
 * Splits the items over as few messages as possible, each a complete frame. Messages are created lazily, so that
 * unused ones cost nothing. `head` is called for each message.
 */
export function* messagesOf(
  kind: Listing["kind"],
  items: Iterable<Step | LockView | string>,
  head: () => Head,
): Iterable<string> {
  let texts: string[] = [];
  let size = headBytes;
  const close = () =>
    `${JSON.stringify({ version: frameVersion, ...head(), kind }).slice(0, -1)},"${nameOf(kind)}":[${texts.join(",")}]}`;
  for (const item of items) {
    const text = textOf(item);
    const length = Buffer.byteLength(text) + 1;
    if (texts.length === maxItems || (size + length > maxMessageBytes && texts.length > 0)) {
      yield close();
      texts = [];
      size = headBytes;
    }
    texts.push(text);
    size += length;
  }
  if (texts.length > 0) yield close();
}

/** A frame as a message, with the version of the frames. */
export const message = (frame: Frame): string => JSON.stringify({ version: frameVersion, ...frame });

export function beatMessage(beat: Beat): string {
  const text = message(beat);
  if (Buffer.byteLength(text) <= maxMessageBytes) return text;
  // There are many nodes with long names.
  const nodes = beat.nodes.map((node) => ({ ...node, name: clip(node.name, 60), cause: null, step: null }));
  return message({ ...beat, owner: clip(beat.owner, 60), prefix: clip(beat.prefix, 60), nodes });
}

const nameOf = (kind: Listing["kind"]): string => (kind === "steps" ? "steps" : "locks");

/** The item as JSON that fits a message: the votes of very many nodes are left out. */
function textOf(item: Step | LockView | string): string {
  const text = JSON.stringify(item);
  if (typeof item === "string" || Buffer.byteLength(text) <= maxMessageBytes - headBytes) return text;
  const lock = "lock" in item ? { ...item, lock: { ...item.lock, round: null } } : { ...item, round: null };
  return JSON.stringify(lock);
}
