import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";

/** Asks on a terminal, and returns whether the answer is "yes" in full. The end of the input means no. */
export async function isConfirmed(question: string, input: Readable, output: Writable): Promise<boolean> {
  const lines = createInterface({ input, output });
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([lines.question(`${question} (yes/no) `), ended]);
    return answer.trim().toLowerCase() === "yes";
  } finally {
    lines.close();
  }
}
