import type { AsyncContext } from "../../support/async-context.js";
import { currentContext } from "../../support/platform.js";
import { type QueuePlace, upgraderSign, upgradeTicket } from "../protocol/command.js";
import { freshToken, isSharedToken, type LockMode } from "../protocol/token.js";
import type { Vote } from "../protocol/vote.js";
import type { Random } from "../time/random.js";
import { Claim } from "./claim.js";
import type { Origin } from "./origin.js";
import { PermitClaim, type PermitOrder } from "./permit-claim.js";
import { ReaderClaim } from "./reader-claim.js";
import type { RoundContext } from "./round.js";

/** Maximum number of tokens chosen by the user that are remembered. A late grant of an older token is left to its ttl. */
const maxNamed = 1_000;

/** Creates the claims of one quorum. */
export class Claims {
  /** The latest claim of each token that the user chose. */
  private readonly named = new Map<string, Claim>();

  /** The place of claims that take over upgraded leases: the same for all, so that no attempt keeps out the next one. */
  private adopting: QueuePlace | null = null;

  constructor(
    private readonly context: RoundContext,
    private readonly owner: string,
    private readonly random: Random,
  ) {}

  /** Creates the claim of an attempt: with a fresh token, unless the origin names a token. */
  create(keys: readonly string[], origin: Origin | null, caller: AsyncContext, mode: LockMode): Claim {
    if (origin?.kind === "sharedToken") return this.createWithSharedToken(keys, origin.token, caller);
    if (origin?.as !== undefined) return this.createNamed(keys, origin.as, origin, caller);
    const token = freshToken(this.owner, this.random, mode);
    if (mode === "exclusive") return new Claim(this.context, keys, token, origin, caller);
    const place = origin?.mode === "exclusive" ? this.placeForAdoption() : null;
    return new ReaderClaim(this.context, keys, token, origin, caller, place);
  }

  /** Creates the claim of an attempt to take `weight` of these permits, in this order of preference. */
  createForPermits(
    permits: PermitOrder,
    weight: number,
    caller: AsyncContext,
    onVotes: (votes: readonly Vote[]) => void,
  ): Claim {
    const token = freshToken(this.owner, this.random, "exclusive");
    return new PermitClaim(this.context, permits, weight, token, caller, onVotes);
  }

  /** Creates a claim with a token that the nodes hold already. */
  createWithSharedToken(
    keys: readonly string[],
    token: string,
    caller: AsyncContext = currentContext(),
  ): Claim {
    return new Claim(this.context, keys, token, { kind: "sharedToken", token }, caller);
  }

  /** Creates a claim with the token of a lease that another engine of this process was granted, and nobody else has. */
  createWithToken(keys: readonly string[], token: string, caller: AsyncContext): Claim {
    const Kept = isSharedToken(token) ? ReaderClaim : Claim;
    return new Kept(this.context, keys, token, null, caller);
  }

  private placeForAdoption(): QueuePlace {
    this.adopting ??= { id: `${this.random.secret()}:${upgraderSign}1`, ticket: upgradeTicket };
    return this.adopting;
  }

  /** Creates a claim with a token that the user chose. */
  private createNamed(keys: readonly string[], token: string, origin: Origin, caller: AsyncContext): Claim {
    const isLast = (claim: Claim) => this.named.get(token) === claim;
    const claim = new Claim(this.context, keys, token, origin, caller, isLast);
    this.named.delete(token);
    this.named.set(token, claim);
    const [oldest] = this.named.keys();
    if (this.named.size > maxNamed && oldest !== undefined) this.named.delete(oldest);
    return claim;
  }
}
