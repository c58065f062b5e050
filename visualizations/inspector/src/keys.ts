import type { Inspector } from "./inspector.js";

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement;

/** Those by which the list is walked through, and that nothing else has a use for. */
const listKeys: ReadonlySet<string> = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Enter"]);

/** What a key does wherever the focus is. The list has keys of its own. */
export function startKeys(inspector: Inspector): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") {
      if (inspector.route.peek().view !== "locks") inspector.go({ view: "locks" });
      focusList();
      return;
    }
    if (isTyping(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      if (inspector.route.peek().view === "nodes") inspector.go({ view: "locks" });
      // The list may have to be drawn first.
      requestAnimationFrame(() => document.getElementById("filter")?.focus());
      return;
    }
    if (event.target === document.body && listKeys.has(event.key)) return walkList(event);
    replayKey(inspector, event);
  });
}

/** Where nothing has the focus, the list is meant, if it is in sight. */
function walkList(event: KeyboardEvent): void {
  const list = document.getElementById("locks");
  if (list === null || list.offsetParent === null) return;
  event.preventDefault();
  // Before it has the focus: the first key leads to the first row.
  list.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, cancelable: true }));
  list.focus({ preventScroll: true });
}

export function focusList(): void {
  const focus = () => document.getElementById("locks")?.focus({ preventScroll: true });
  focus();
  // It may have to be drawn first.
  requestAnimationFrame(focus);
}

function replayKey(inspector: Inspector, event: KeyboardEvent): void {
  const replay = inspector.replay.peek();
  if (replay === null) return;
  const act: Record<string, (() => void) | undefined> = {
    ArrowLeft: () => replay.previous(),
    ArrowRight: () => replay.next(),
    Home: () => replay.seekStep(0),
    End: () => replay.seekStep(replay.positions.steps),
    " ": event.target instanceof HTMLButtonElement ? undefined : () => replay.toggle(),
  };
  const deed = act[event.key];
  if (deed === undefined) return;
  event.preventDefault();
  deed();
}
