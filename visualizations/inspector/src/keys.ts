import { helpOpen } from "./frame/key-help.js";
import type { Inspector } from "./inspector.js";
import { isListed } from "./model/route.js";

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement;

/** Keys that move through the list and have no other meaning on the page. */
const listKeys: ReadonlySet<string> = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Enter"]);

/** Handles keys wherever the focus is. The list handles further keys itself. */
export function startKeys(inspector: Inspector): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // The dialog handles its own keys.
    if (helpOpen.peek()) return;
    if (event.key === "Escape") {
      if (inspector.route.peek().view !== "locks") inspector.go({ view: "locks" });
      focusList();
      return;
    }
    if (isTyping(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      helpOpen.value = true;
      return;
    }
    if (event.key === "/") {
      event.preventDefault();
      if (!isListed(inspector.route.peek())) inspector.go({ view: "locks" });
      focusOn("filter");
      return;
    }
    if (event.target === document.body && listKeys.has(event.key)) return walkList(event);
    replayKey(inspector, event);
  });
}

/** Applies a key to the list if nothing has the focus and the list is visible. */
function walkList(event: KeyboardEvent): void {
  const list = document.getElementById("locks");
  if (list === null || list.offsetParent === null) return;
  event.preventDefault();
  // Dispatched before the list has the focus, so that the first key leads to the first row.
  list.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, cancelable: true }));
  list.focus({ preventScroll: true });
}

export const focusList = (): void => focusOn("locks");

/** Focuses an element of the list's view, at once so that it gets the next key. */
function focusOn(id: string): void {
  const focus = () => document.getElementById(id)?.focus({ preventScroll: true });
  focus();
  // The list may have to be drawn first.
  requestAnimationFrame(focus);
}

function replayKey(inspector: Inspector, event: KeyboardEvent): void {
  const replay = inspector.replay.peek();
  if (replay === null) return;
  const actions: Record<string, (() => void) | undefined> = {
    ArrowLeft: () => replay.previous(),
    ArrowRight: () => replay.next(),
    Home: () => replay.seekStep(0),
    End: () => replay.seekStep(replay.positions.steps),
    " ": event.target instanceof HTMLButtonElement ? undefined : () => replay.toggle(),
  };
  const action = actions[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}
