import { sharedContext } from "../../support/async-context.js";
import type { QuorumMember } from "../node/quorum-member.js";
import type { Membership } from "../protocol/membership.js";
import type { Vote } from "../protocol/vote.js";
import type { Clock } from "../time/clock.js";
import { Waits } from "./waits.js";

/** How long the first acquisition waits for the other nodes once a quorum has been identified, in ms. */
const maxGrace = 100;

/** Interval in ms at which `ready` checks nodes that are not identified. */
const readyPollMs = 50;

/** Identifies all nodes once before the first acquisition, so that a server that was given twice is detected. */
export class Admission {
  private admission: Promise<void> | null = null;
  private readonly waits: Waits;
  private closed = false;
  /** Whether the nodes have been identified, or the time for that is over. */
  admitted = false;
  /** The names of two nodes that are the same server; null if there are none. */
  duplicate: readonly [string, string] | null = null;

  constructor(
    private readonly members: readonly QuorumMember[],
    private readonly membership: Membership,
    private readonly clock: Clock,
    /** Limit in ms for the nodes to connect and to be identified. */
    private readonly connectTimeout: number,
    /** Called when the first admission has begun. */
    private readonly onBegun: () => void,
    /** Called when the nodes have been identified. The first acquisition waits for the result, unless it is null. */
    private readonly beforeEnd: () => Promise<void> | null = () => null,
  ) {
    this.waits = new Waits(clock);
  }

  /** Whether anything is to be acquired. */
  get begun(): boolean {
    return this.admission !== null;
  }

  /**
   * Waits until all nodes are identified. The wait ends shortly after a quorum has been identified, and with the connect
   * timeout at the latest.
   */
  admit(): Promise<void> {
    if (this.admission === null) {
      // The identification serves all callers.
      this.admission = sharedContext.runInAsyncScope(this.identifyAll, this);
      this.onBegun();
    }
    return this.admission;
  }

  /** The nodes that have not been identified within `waited` ms, each with the reason. */
  unidentified(waited: number): Vote[] {
    return this.members
      .filter(({ server }) => !server.identified)
      .map((member) => ({ ...member.silentFor(waited), node: member.name }));
  }

  /**
   * Connects and identifies all nodes. Nodes that are not available yet are tried again for `timeout` ms, unless one of them
   * has a cause that does not end by itself. Resolves to the nodes that are not identified by then, each with the reason; or to
   * those that cannot be, if any.
   */
  async ready(timeout: number): Promise<Vote[]> {
    const started = this.clock.monotonic();
    void this.admit();
    const failures = () => this.unidentified(Math.round(this.clock.monotonic() - started));
    const left = () => timeout - (this.clock.monotonic() - started);
    while (!this.closed && left() > 0 && this.members.some(({ server }) => !server.identified)) {
      await this.identified(Math.min(readyPollMs, left()));
      // After the first pause: a cause that has been removed since the last attempt to connect is not one any more.
      const lasting = failures().filter((vote) => vote.kind === "failed" && vote.lasting === true);
      if (lasting.length > 0) return lasting;
    }
    return failures();
  }

  close(): void {
    this.closed = true;
    this.waits.endAll();
  }

  /** Waits until all nodes are identified, for at most `ms`. */
  private identified(ms: number): Promise<void> {
    return new Promise((resolve) => {
      let unlisten: (() => void)[] = [];
      const done = () => {
        endWait();
        for (const end of unlisten) end();
        resolve();
      };
      const endWait = this.waits.start(ms, done);
      const check = () => {
        if (this.members.every(({ server }) => server.identified)) done();
      };
      unlisten = this.members.map((member) => member.whenIdentified(check));
    });
  }

  private identifyAll(): Promise<void> {
    return new Promise((resolve) => {
      const identified = new Set<number>();
      let hasQuorum = false;
      let finished = false;
      const finish = () => {
        if (finished) return;
        finished = true;
        endWait();
        const duplicate = this.members.find((member) => member.server.duplicateOf !== null);
        if (duplicate?.server.duplicateOf) this.duplicate = [duplicate.server.duplicateOf, duplicate.name];
        const last = this.beforeEnd();
        if (last === null) end();
        else void last.then(end);
      };
      const end = () => {
        this.admitted = true;
        resolve();
      };
      let endWait = this.waits.start(this.connectTimeout, finish);
      const onIdentified = (index: number) => {
        if (finished) return;
        identified.add(index);
        if (identified.size === this.members.length) return finish();
        if (hasQuorum || !this.membership.isQuorum((member) => identified.has(member))) return;
        hasQuorum = true;
        endWait();
        endWait = this.waits.start(Math.min(maxGrace, this.connectTimeout), finish);
      };
      for (const [index, member] of this.members.entries()) member.whenIdentified(() => onIdentified(index));
    });
  }
}
