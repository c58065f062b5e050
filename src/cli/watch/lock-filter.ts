import type { FrameAggregate } from "../../inspector/feed/frame-aggregate.js";
import type { Frame, LockView } from "../../inspector/feed/frames.js";

/** Selects locks by resource names and prefix. Without names every resource is selected. */
export class LockFilter {
  /** Names without a pattern, which the nodes can be asked about. */
  readonly exact: readonly string[];
  private readonly patterns: readonly ((text: string) => boolean)[];

  /**
   * In a name, `*` stands for any text. Without a `prefix` locks under any prefix are selected, and a name may
   * include the prefix.
   */
  constructor(
    names: readonly string[],
    readonly prefix: string | undefined,
  ) {
    this.exact = [...new Set(names.filter((name) => !name.includes("*")))];
    this.patterns = names.map(patternOf);
  }

  has({ resources }: Pick<LockView, "resources">, prefix: string): boolean {
    if (this.patterns.length === 0) return true;
    return resources.some((resource) =>
      this.patterns.some((fits) => fits(resource) || fits(prefix + resource)),
    );
  }

  /** The selected part of the frame, or null. `aggregate`: the state before the frame. */
  of(frame: Frame, { sources, locks }: Pick<FrameAggregate, "sources" | "locks">): Frame | null {
    if (frame.kind === "beat")
      return this.prefix === undefined || frame.prefix === this.prefix ? frame : null;
    const known = sources.get(frame.source);
    // A process and its prefix are known from its first beat. Frames after its end arrived late.
    if (known === undefined || known.closed) return null;
    const { prefix } = known.beat;
    switch (frame.kind) {
      case "steps":
        return unlessEmpty(
          { ...frame, steps: frame.steps.filter(({ lock }) => this.has(lock, prefix)) },
          "steps",
        );
      case "locks":
        return unlessEmpty(
          { ...frame, locks: frame.locks.filter((lock) => this.has(lock, prefix)) },
          "locks",
        );
      case "gone":
        return unlessEmpty({ ...frame, locks: frame.locks.filter((id) => locks.has(id)) }, "locks");
      case "bye":
        return frame;
    }
  }
}

const unlessEmpty = <Key extends string, Part extends { readonly [key in Key]: readonly unknown[] }>(
  frame: Part,
  key: Key,
): Part | null => (frame[key].length > 0 ? frame : null);

/** Written by hand, because a regular expression with many stars may take exponential time. */
function patternOf(name: string): (text: string) => boolean {
  const [first = "", ...others] = name.split("*");
  const last = others.pop();
  if (last === undefined) return (text) => text === name;
  return (text) => {
    if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
      return false;
    let from = first.length;
    const end = text.length - last.length;
    for (const part of others) {
      const at = text.indexOf(part, from);
      if (at === -1 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}
