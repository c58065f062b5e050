import type { AsyncContext } from "../../support/async-context.js";
import { currentContext } from "../../support/platform.js";
import { freshToken } from "../protocol/token.js";
import type { Random } from "../time/random.js";
import { Claim } from "./claim.js";
import type { Origin } from "./origin.js";
import type { RoundContext } from "./round.js";

/** Maximum number of tokens chosen by the user that are remembered. A late grant of an older token is left to its ttl. */
const maxNamed = 1_000;

/** Creates the claims of one quorum. */
export class Claims {
  /** The latest claim of each token that the user chose. */
  private readonly named = new Map<string, Claim>();

  constructor(
    private readonly context: RoundContext,
    private readonly owner: string,
    private readonly random: Random,
  ) {}

  /** Creates the claim of an attempt: with a fresh token, unless the origin names a token. */
  create(keys: readonly string[], origin: Origin | null, caller: AsyncContext): Claim {
    if (origin?.kind === "shared") return this.createShared(keys, origin.token, caller);
    if (origin?.as !== undefined) return this.createNamed(keys, origin.as, origin, caller);
    return new Claim(this.context, keys, freshToken(this.owner, this.random), origin, caller);
  }

  /** Creates a claim with a token that the nodes hold already. */
  createShared(keys: readonly string[], token: string, caller: AsyncContext = currentContext()): Claim {
    return new Claim(this.context, keys, token, { kind: "shared", token }, caller);
  }

  /** Creates a claim with the token of a lease that another engine of this process was granted, and nobody else has. */
  createOf(keys: readonly string[], token: string, caller: AsyncContext): Claim {
    return new Claim(this.context, keys, token, null, caller);
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
