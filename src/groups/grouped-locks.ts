import { readHandover } from "../api/handover.js";
import { locksOf, managersKey } from "../api/managed-locks.js";
import type { Handle, Inspection, Lease, Locks } from "../api/types.js";
import type { Election, ElectionOptions, TermOf } from "../election/types.js";
import { semaphoreResource } from "../engine/protocol/permit-keys.js";
import { InvalidOptionError, isHoldfastError, NodesNotReadyError } from "../errors.js";
import type { ManagerEvents } from "../lock/events.js";
import type { AcquireOptions, UsingOptions } from "../lock/options.js";
import type { Manager } from "../manager/manager.js";
import type { Semaphore, SemaphoreOptions } from "../semaphore/types.js";
import { bindMethods } from "../support/bind-methods.js";
import { Printed } from "../support/printed.js";
import { clip } from "../support/redaction.js";
import { isList } from "../support/untrusted.js";
import type { GroupManagers } from "./group-managers.js";
import { Rendezvous } from "./rendezvous.js";

type Resources = string | readonly string[];
type Job<T> = (lease: Lease) => T | Promise<T>;

/** Maximum number of resources that an error names. */
const maxShown = 10;

/** The locks of several groups of nodes: each call goes to the group of its resources. */
export class GroupedLocks extends Printed {
  readonly #managers: readonly Manager[];
  readonly #locks: ReadonlyMap<string, Locks>;
  readonly #rendezvous: Rendezvous;
  readonly #prefix: string;
  readonly #events: GroupManagers["events"];

  constructor({ managers, events, prefix }: GroupManagers) {
    super();
    this.#managers = managers;
    this.#events = events;
    this.#prefix = prefix;
    this.#locks = new Map(managers.map((manager) => [nameOf(manager), locksOf(manager)]));
    this.#rendezvous = new Rendezvous([...this.#locks.keys()]);
    bindMethods(this);
  }

  get [managersKey](): readonly Manager[] {
    return this.#managers;
  }

  acquire(resources: Resources, options?: AcquireOptions): Promise<Lease> {
    try {
      return this.#locksOf(resources).acquire(resources, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async tryAcquire(resources: Resources, options?: AcquireOptions): Promise<Lease | null> {
    return this.#locksOf(resources).tryAcquire(resources, options);
  }

  async using<T>(resources: Resources, ...rest: [Job<T>] | [UsingOptions, Job<T>]): Promise<T> {
    const locks = this.#locksOf(resources);
    return rest.length === 1 ? locks.using(resources, rest[0]) : locks.using(resources, rest[0], rest[1]);
  }

  handle(resources: Resources, options?: AcquireOptions): Handle {
    return this.#locksOf(resources).handle(resources, options);
  }

  election<Fence extends boolean = false>(
    name: string,
    options?: ElectionOptions<Fence>,
  ): Election<TermOf<Fence>> {
    return this.#locksOf(name).election(name, options);
  }

  semaphore(name: string, options: SemaphoreOptions): Semaphore {
    const resource = typeof name === "string" ? semaphoreResource(name) : name;
    return this.#locksOf(resource).semaphore(name, options);
  }

  async adopt(handover: string, options?: AcquireOptions): Promise<Lease> {
    return this.#locksOf(readHandover(handover).resources).adopt(handover, options);
  }

  async ready(options?: { readonly timeout?: number | undefined }): Promise<void> {
    const all = [...this.#locks.values()];
    const results = await Promise.allSettled(all.map((locks) => locks.ready(options)));
    const errors = results.flatMap((result): unknown[] =>
      result.status === "rejected" ? [result.reason] : [],
    );
    const notReady = errors.filter((error) => isHoldfastError(error, "NODES_NOT_READY"));
    const [first] = notReady;
    if (first === undefined || notReady.length < errors.length) {
      for (const error of errors) if (!isHoldfastError(error, "NODES_NOT_READY")) throw error;
      return;
    }
    const nodes = this.#managers.reduce((sum, { lockNodes }) => sum + lockNodes.length, 0);
    throw new NodesNotReadyError(
      first.timeout,
      notReady.flatMap(({ votes }) => votes),
      nodes,
    );
  }

  async inspect(resource: string): Promise<Inspection> {
    const group = this.#groupOf(resource);
    return { ...(await this.#locksIn(group).inspect(resource)), group };
  }

  async close(options?: { readonly timeout?: number | undefined }): Promise<void> {
    await Promise.all([...this.#locks.values()].map((locks) => locks.close(options)));
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#events.on(name, listener);
    return this;
  }

  once<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#events.once(name, listener);
    return this;
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#events.off(name, listener);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toJSON(): object {
    return { groups: Object.fromEntries(this.#locks) };
  }

  #locksOf(resources: Resources): Locks {
    return this.#locksIn(this.#groupOf(resources));
  }

  #locksIn(group: string): Locks {
    return this.#locks.get(group) as Locks;
  }

  /** The group of the resources. What is no resource is refused by the locks of any group. @throws InvalidOptionError. */
  #groupOf(resources: Resources): string {
    if (typeof resources === "string") return this.#rendezvous.choose(this.#prefix + resources);
    const texts = isList(resources) ? resources.filter((one) => typeof one === "string") : [];
    const groups = texts.map((resource) => this.#rendezvous.choose(this.#prefix + resource));
    const [first = nameOf(this.#managers[0] as Manager)] = groups;
    if (groups.every((group) => group === first)) return first;
    // One resource of each group.
    const shown = groups
      .flatMap((group, index) =>
        groups.indexOf(group) === index ? `${clip(texts[index] ?? "")} in group ${group}` : [],
      )
      .slice(0, maxShown);
    throw new InvalidOptionError(
      "resources",
      texts.slice(0, maxShown).join(", "),
      `in one group of nodes to be locked together (${shown.join(", ")}): put the same hash tag in each, ` +
        'as in "{order:7}:stock" and "{order:7}:payment" (only what stands between { and } is hashed)',
    );
  }
}

const nameOf = ({ context }: Manager): string => context.group ?? "";
