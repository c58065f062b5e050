import { emitKeypressEvents, type Key } from "node:readline";
import { type LockOrder, lockOrders } from "./lock-order.js";

/** The part of stdin that is used. */
export interface KeySource extends NodeJS.EventEmitter {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  unref?(): unknown;
}

/** What the user has chosen with keys: the order of the table, and the page. */
export class TableKeys {
  order: LockOrder = "trouble";
  /** Counts from 0; the table shows its last page if there are fewer. */
  page = 0;
  #stop = () => {};

  /** The keys in words, for the table's title; empty where there is no keyboard. */
  get help(): string {
    return this.#listening ? "s sorts, n and p turn pages" : "";
  }

  #listening = false;

  /** `changed`: the table must be drawn again. `interrupt`: Ctrl-C, which a terminal in raw mode sends as a key. */
  listen(source: KeySource, changed: () => void, interrupt: () => void): void {
    if (source.isTTY !== true || source.setRawMode === undefined) return;
    const press = (_: string | undefined, key: Key) => {
      if (key.ctrl && (key.name === "c" || key.name === "d")) return interrupt();
      if (this.#apply(key.name)) changed();
    };
    emitKeypressEvents(source as unknown as NodeJS.ReadableStream);
    source.setRawMode(true);
    source.on("keypress", press);
    source.resume();
    // A watch that has ended must not wait for another key.
    source.unref?.();
    this.#listening = true;
    this.#stop = () => {
      source.off("keypress", press);
      source.setRawMode?.(false);
      source.pause();
    };
  }

  stop(): void {
    this.#stop();
    this.#stop = () => {};
    this.#listening = false;
  }

  #apply(name: string | undefined): boolean {
    switch (name) {
      case "s":
        this.order = lockOrders[(lockOrders.indexOf(this.order) + 1) % lockOrders.length] ?? "trouble";
        this.page = 0;
        return true;
      case "n":
      case "space":
      case "pagedown":
        this.page += 1;
        return true;
      case "p":
      case "pageup":
        this.page = Math.max(0, this.page - 1);
        return true;
      default:
        return false;
    }
  }
}
