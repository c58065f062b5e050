import type { QuorumMember } from "../node/quorum-member.js";
import type { Vote } from "../protocol/vote.js";
import type { Clock } from "../time/clock.js";
import { quorumOf } from "./decision.js";
import { Waits } from "./waits.js";

/** ms that the first acquisition waits for the other nodes once a quorum has been identified. */
const maxGrace = 100;

/** ms between two looks at nodes that are waited for to be ready. */
const readyPause = 50;

/** Identifies all nodes once before anything is acquired, so that a server that is given twice is found. */
export class Admission {
  private admission: Promise<void> | null = null;
  private readonly waits: Waits;
  private closed = false;
  /** Whether the nodes have been identified, or given their time to be. */
  admitted = false;
  /** Two nodes that turned out to be the same server, null if none were. */
  duplicate: readonly [string, string] | null = null;

  constructor(
    private readonly members: readonly QuorumMember[],
    private readonly clock: Clock,
    /** ms. */
    private readonly connectTimeout: number,
    /** The first admission has begun. */
    private readonly onBegun: () => void,
  ) {
    this.waits = new Waits(clock);
  }

  /** Whether anything is to be acquired. */
  get begun(): boolean {
    return this.admission !== null;
  }

  /**
   * Waits for all nodes, but only a moment longer once a quorum has been identified, and never longer than the connect
   * timeout.
   */
  admit(): Promise<void> {
    if (this.admission === null) {
      this.admission = this.identifyAll();
      this.onBegun();
    }
    return this.admission;
  }

  /** The nodes that have not been identified in so many ms, and why. */
  unidentified(waited: number): Vote[] {
    return this.members
      .filter(({ server }) => !server.identified)
      .map((member) => ({ ...member.silentFor(waited), node: member.name }));
  }

  /**
   * Connects and identifies all nodes. Nodes that cannot be asked yet are tried again for `timeout` ms. Resolves to
   * those that are not identified by then, and why.
   */
  async ready(timeout: number): Promise<Vote[]> {
    const started = this.clock.monotonic();
    void this.admit();
    const left = () => timeout - (this.clock.monotonic() - started);
    while (!this.closed && left() > 0 && this.members.some(({ server }) => !server.identified)) {
      await this.identified(Math.min(readyPause, left()));
    }
    return this.unidentified(Math.round(this.clock.monotonic() - started));
  }

  close(): void {
    this.closed = true;
    this.waits.endAll();
  }

  /** Waits until all nodes are identified, but at most so many ms. */
  private identified(ms: number): Promise<void> {
    return new Promise((resolve) => {
      let unlisten: (() => void)[] = [];
      const done = () => {
        endWait();
        for (const end of unlisten) end();
        resolve();
      };
      const endWait = this.waits.start(ms, done);
      const look = () => {
        if (this.members.every(({ server }) => server.identified)) done();
      };
      unlisten = this.members.map((member) => member.whenIdentified(look));
    });
  }

  private identifyAll(): Promise<void> {
    return new Promise((resolve) => {
      let count = 0;
      const finish = () => {
        endWait();
        this.admitted = true;
        const double = this.members.find((member) => member.server.duplicateOf !== null);
        if (double?.server.duplicateOf) this.duplicate = [double.server.duplicateOf, double.name];
        resolve();
      };
      let endWait = this.waits.start(this.connectTimeout, finish);
      const onIdentified = () => {
        if (this.admitted) return;
        count++;
        if (count === this.members.length) return finish();
        if (count !== quorumOf(this.members.length)) return;
        endWait();
        endWait = this.waits.start(Math.min(maxGrace, this.connectTimeout), finish);
      };
      for (const member of this.members) member.whenIdentified(onIdentified);
    });
  }
}
