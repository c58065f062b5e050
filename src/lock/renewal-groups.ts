import { charactersPerCall, locksPerCall } from "../engine/protocol/call-limits.js";
import { longestShort } from "../engine/protocol/memory.js";
import { isSharedToken } from "../engine/protocol/token.js";
import type { GroupedRenewal } from "../engine/quorum/group-round.js";
import type { Flushable, TickBatcher } from "../engine/time/tick-batcher.js";
import { type ManagerSettings, timeoutFor } from "./settings.js";

/** Renews many claims by one round. */
interface Quorum {
  readonly batcher: TickBatcher;
  /** Whether all nodes can renew many leases by one command. */
  readonly renewsEach: boolean;
  renewTogether(renewals: readonly GroupedRenewal[], ttl: number, timeout: number): void;
}

/** The renewals of one ttl and one mode that begin in this tick. */
interface Group {
  readonly ttl: number;
  renewals: GroupedRenewal[];
  characters: number;
}

/**
 * Collects the renewals that begin in one tick of the event loop, and renews all of the same ttl and mode together. A group has at
 * most the locks of one call. A long lease is left out, because a server records it by itself.
 */
export class RenewalGroups implements Flushable {
  private groups = new Map<string, Group>();

  constructor(
    private readonly quorum: Quorum,
    private readonly settings: ManagerSettings,
  ) {}

  /** Renews the claim for `ttl` ms at the end of this tick. Returns false if the claim must be renewed by itself. */
  add(ttl: number, renewal: GroupedRenewal): boolean {
    if (!this.settings.grouping || !this.quorum.renewsEach || ttl > longestShort) return false;
    const { keys, token } = renewal.claim;
    const characters = (keys[0] ?? "").length + token.length;
    const kind = isSharedToken(token) ? `shared ${ttl}` : String(ttl);
    let group = this.groups.get(kind);
    if (group !== undefined && isFull(group, characters)) {
      this.groups.delete(kind);
      this.renew(group);
      group = undefined;
    }
    if (group !== undefined) {
      group.renewals.push(renewal);
      group.characters += characters;
      return true;
    }
    this.groups.set(kind, { ttl, renewals: [renewal], characters });
    if (this.groups.size === 1) this.quorum.batcher.add(this);
    return true;
  }

  flush(): void {
    const { groups } = this;
    this.groups = new Map();
    for (const group of groups.values()) this.renew(group);
  }

  private renew({ ttl, renewals }: Group): void {
    const live = renewals.filter(({ claim }) => !claim.ended);
    if (live.length > 1) this.quorum.renewTogether(live, ttl, timeoutFor(this.settings, ttl));
    else live[0]?.renewAlone();
  }
}

const isFull = ({ renewals, characters }: Group, more: number): boolean =>
  renewals.length === locksPerCall || characters + more > charactersPerCall;
