import type { LockNode } from "./node.js";

/** Which server is known under which identity; shared by the nodes of one quorum. */
export type Identities = Map<string, Acquaintance>;

/** Who is behind a node: asked anew on each connection, because another server may answer there. */
export class Acquaintance {
  /** Null where the server does not tell, undefined until it was asked. */
  identity: string | null | undefined;
  /** The name of the node that is the same server as this one. */
  duplicateOf: string | null = null;
  /** Stands for the question under way; a new connection asks anew. */
  private question: object | null = null;

  constructor(
    readonly name: string,
    private readonly node: LockNode,
    private readonly identities: Identities,
    private readonly onMet: () => void,
    private readonly onRefused: (error: unknown) => void,
  ) {}

  /** Whether it is known which server this is. */
  get met(): boolean {
    return this.identity !== undefined;
  }

  /** Leads to `onMet` or `onRefused`, unless the connection is gone before. */
  meet(): void {
    if (this.met || this.question !== null) return;
    const question = {};
    this.question = question;
    const unlessStale = <T>(then: (value: T) => void) => {
      return (value: T) => {
        if (this.question !== question) return;
        this.question = null;
        then(value);
      };
    };
    this.node.identify().then(
      unlessStale((identity) => this.note(identity)),
      unlessStale((error) => this.onRefused(error)),
    );
  }

  forget(): void {
    const { identity, identities } = this;
    if (typeof identity === "string" && identities.get(identity) === this) identities.delete(identity);
    this.identity = undefined;
    this.question = null;
    this.duplicateOf = null;
  }

  private note(identity: string | null): void {
    this.identity = identity;
    if (identity !== null) {
      const first = this.identities.get(identity);
      if (first === undefined) this.identities.set(identity, this);
      else if (first !== this) this.duplicateOf = first.name;
    }
    this.onMet();
  }
}
