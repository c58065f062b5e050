import { signal } from "@preact/signals";
import { type MemoryNode, memoryNode } from "../../../src/clients/memory/memory-node.js";
import { Link } from "./link.js";
import type { Note } from "./note.js";
import { Worker } from "./worker.js";

/** What is wrong with a node. "parted": the first worker does not reach it; the others do. */
export type Condition = "up" | "hung" | "down" | "parted";

/** One of the nodes, and what its buttons do. */
export class Place {
  readonly condition = signal<Condition>("up");
  readonly node: MemoryNode;
  /** The way of the first worker to this node. */
  readonly link: Link;

  constructor(readonly name: string) {
    this.node = memoryNode(name);
    this.link = new Link(this.node);
  }

  hang(): void {
    this.heal();
    this.node.hang();
    this.condition.value = "hung";
  }

  kill(): void {
    this.heal();
    this.node.crash();
    this.condition.value = "down";
  }

  part(): void {
    this.heal();
    this.link.part();
    this.condition.value = "parted";
  }

  flush(): void {
    this.node.flush();
  }

  /** Ends what is wrong. A node that was killed starts with an empty memory. */
  heal(): void {
    if (this.condition.value === "hung") this.node.wake();
    if (this.condition.value === "down") this.node.restart();
    if (this.condition.value === "parted") this.link.join();
    this.condition.value = "up";
  }
}

const maxNotes = 30;

/** Five nodes and three workers: one holds a lock for as long as it can, two take turns with another. */
export class World {
  readonly places = ["north", "east", "south", "west", "centre"].map((name) => new Place(name));
  /** Newest first. */
  readonly notes = signal<readonly Note[]>([]);
  readonly workers: readonly Worker[];
  private noted = 0;

  constructor() {
    const nodes = this.places.map(({ node }) => node);
    const links = this.places.map(({ link }) => link);
    const note = (kind: Note["kind"], text: string) => this.note(kind, text);
    this.workers = [
      new Worker("worker-1", "ledger", Number.POSITIVE_INFINITY, links, note),
      new Worker("worker-2", "orders:42", 3_000, nodes, note),
      new Worker("worker-3", "orders:42", 2_000, nodes, note),
    ];
  }

  start(): void {
    for (const worker of this.workers) void worker.run();
  }

  private note(kind: Note["kind"], text: string): void {
    const note = { id: ++this.noted, time: Date.now(), kind, text };
    this.notes.value = [note, ...this.notes.peek()].slice(0, maxNotes);
  }
}
