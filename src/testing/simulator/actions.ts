import { readHandover } from "../../api/handover.js";
import type { Handle, Lease } from "../../api/types.js";
import type { AcquireOptions } from "../../lock/options.js";
import { hashOf } from "./checkers/clean-up.js";
import type { Program } from "./program.js";
import type { Action } from "./script.js";
import type { Simulation } from "./simulation.js";

/** ms of true time for which renewals follow one another at the most. */
const longestRow = 10_000;
/** Rounds of a handle that is used again. */
const rounds = 3;

/** Does one thing that users do; what it is refused with is no concern of its own. */
export async function act(aggregate: Simulation, program: Program, action: Action): Promise<void> {
  if (program.host.dead || program.closing) return;
  const stranger = aggregate.foreignClients.get(program);
  program.busy++;
  try {
    if (stranger !== undefined) await stranger.act(action);
    else await new ActionRun(aggregate, program, action).act();
  } catch {
    // Contended, without a quorum, aborted, closed, too late: the checkers judge what was told.
  }
  program.busy--;
}

class ActionRun {
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly aggregate: Simulation,
    private readonly program: Program,
    private readonly action: Action,
  ) {}

  async act(): Promise<void> {
    try {
      await this.perform();
    } finally {
      for (const end of this.ends) end();
    }
  }

  private async perform(): Promise<void> {
    const { action, program } = this;
    const { locks } = program;
    const { kind, resources } = action;
    const options = this.options();
    if (kind === "inspect") {
      await this.bounded("inspection", 0, locks.inspect(resources[0] ?? "a"));
    } else if (kind === "try") {
      const lease = await this.bounded("attempt", 0, locks.tryAcquire(resources, options));
      if (lease !== null) await this.keep(lease);
    } else if (kind === "using") {
      await locks.using(resources, options, (lease) => this.hold(lease));
    } else if (kind === "handle") {
      await this.again(locks.handle(resources, options));
    } else if (kind === "redlock") {
      await this.redlock();
    } else {
      await this.keep(await this.bounded("acquisition", action.wait, locks.acquire(resources, options)));
    }
  }

  /** As programs of redlock 5 do it. */
  private async redlock(): Promise<void> {
    const { action, program, aggregate } = this;
    const { redlock, host } = program;
    const resources = [...action.resources];
    const retries = { retryCount: action.wait > 0 ? 5 : 0, retryDelay: 40, retryJitter: 20 };
    const bound = 60 * retries.retryCount;
    if (action.policy && action.ttl > 200) {
      const settings = { ...retries, automaticExtensionThreshold: Math.floor(action.ttl / 4) };
      return redlock.using(resources, action.ttl, settings, () => host.sleep(action.hold));
    }
    const asked = redlock.acquire(resources, action.ttl, retries);
    let lock = await this.bounded(
      "acquisition by Redlock",
      (1 + retries.retryCount) * this.attempt + bound,
      asked,
    );
    try {
      await host.sleep(Math.min(action.hold, action.ttl));
      if (action.extend === null) return;
      const { ttl } = action.extend;
      aggregate.oracle.ttl.asks(lock.value, ttl ?? action.ttl);
      lock = await redlock.extend(lock, ttl ?? action.ttl, retries);
      await host.sleep(action.hold);
    } finally {
      if (action.end !== "forget") await redlock.release(lock, retries);
    }
  }

  private async again(handle: Handle): Promise<void> {
    const { action, program } = this;
    for (let round = 0; round < rounds; round++) {
      const acquired = this.bounded("acquisition", action.wait, handle.acquire());
      // Somebody else changes their mind.
      if (round === 1 && action.abortAfter !== null) this.later(action.hold, () => void handle.release());
      await this.keep(await acquired);
      if (handle.state === "held" || program.closing) return;
    }
  }

  private async keep(lease: Lease): Promise<void> {
    const { end } = this.action;
    await this.hold(lease);
    if (end === "release") {
      await this.bounded("release", 0, lease.release());
    } else if (end === "forget") {
      while (lease.remaining() > 0) await this.program.host.sleep(lease.remaining() + 1);
    } else {
      const note = lease.handover();
      this.aggregate.oracle.count("handed over");
      this.aggregate.oracle.cleanUp.handOver(readHandover(note).token, this.program);
      // It may travel while this process dies.
      const { heir, after } = end;
      this.aggregate.underWay++;
      this.aggregate.timeline.in(after, () => {
        this.aggregate.underWay--;
        const program = this.aggregate.program(heir);
        program.host.run(() => void inherit(this.aggregate, program, note, this.action));
      });
    }
  }

  private async hold(lease: Lease): Promise<void> {
    const { hold, extend, renewals } = this.action;
    const { host } = this.program;
    if (renewals > 0) await this.renewInARow(lease);
    if (extend !== null && extend.after < hold) {
      await host.sleep(extend.after);
      if (extend.ttl !== null) this.asks(lease, extend.ttl);
      await lease.renew(extend.ttl ?? undefined).catch(() => {});
      await host.sleep(hold - extend.after);
    } else {
      await host.sleep(hold);
    }
    if (lease.remaining() > 0) lease.assertHeld();
  }

  /** The nodes keep what was asked for, and no more, however often that is asked. */
  private async renewInARow(lease: Lease): Promise<void> {
    const { aggregate, program, action } = this;
    const { timeline } = aggregate;
    const end = timeline.now + longestRow;
    for (let renewal = 0; renewal < action.renewals && timeline.now < end; renewal++) {
      if (program.closing || lease.remaining() === 0) return;
      await lease.renew().catch(() => {});
    }
    const token = program.tokenOf(lease);
    const most = token === null ? null : aggregate.oracle.ttl.mostOf(token);
    if (token === null || most === null) return;
    aggregate.oracle.count("renewed in a row");
    for (const { node, key, tokenHash, ttlLeft } of await aggregate.contents()) {
      const back = aggregate.servers.find(({ name }) => name === node)?.setBack ?? 0;
      if (tokenHash !== hashOf(token) || ttlLeft <= most + back) continue;
      aggregate.oracle.violated(
        "ttl",
        `${node} keeps ${key} for ${ttlLeft} ms, after ${action.renewals} renewals`,
      );
    }
  }

  private asks(lease: Lease, ttl: number): void {
    const token = this.program.tokenOf(lease);
    if (token !== null) this.aggregate.oracle.ttl.asks(token, ttl);
  }

  private options(): AcquireOptions {
    const { ttl, wait, fence, fair, renew, maxHold, policy, abortAfter } = this.action;
    const { oracle } = this.aggregate;
    const controller = new AbortController();
    if (abortAfter !== null) this.later(abortAfter, () => controller.abort(new Error("enough")));
    return {
      ttl,
      wait,
      fence,
      fair,
      renew,
      onLost: ({ acquisition }) => oracle.loss.called(acquisition),
      ...(maxHold === null ? {} : { maxHold }),
      ...(policy ? { retry: { delay: 10, maxDelay: 100 } } : {}),
      ...(abortAfter === null ? {} : { signal: controller.signal }),
    };
  }

  private later(ms: number, callback: () => void): void {
    this.ends.push(this.program.host.later(ms, callback));
  }

  /** ms that one attempt takes at the most: six node timeouts; and the first one of a process until all nodes are met. */
  private get attempt(): number {
    const { nodeTimeout, connectTimeout } = this.program.plan;
    return 6 * Math.max(nodeTimeout, 100) + connectTimeout;
  }

  private bounded<T>(what: string, wait: number, promise: Promise<T>): Promise<T> {
    const { aggregate, program, action } = this;
    aggregate.oracle.count(what);
    // Without a wait attempts bound it.
    const bound = wait > 0 ? wait : this.attempt;
    return aggregate.oracle.waiters.expect(program, `${what} of ${action.resources}`, bound, promise);
  }
}

/** Goes on with what another process has handed over. */
async function inherit(aggregate: Simulation, program: Program, note: string, action: Action): Promise<void> {
  if (program.closing || program.plan.foreign) return;
  program.busy++;
  try {
    const { fence, renew, hold, resources } = action;
    const onLost = ({ acquisition }: { acquisition: string }) => aggregate.oracle.loss.called(acquisition);
    const adopted = program.locks.adopt(note, { wait: 1_000, fence, renew, onLost });
    aggregate.oracle.count("adoption");
    const lease = await aggregate.oracle.waiters.expect(program, `adoption of ${resources}`, 1_000, adopted);
    aggregate.oracle.cleanUp.adopted(readHandover(note).token, program);
    await program.host.sleep(hold);
    await lease.release();
  } catch {
    // Too late, or taken over already.
  }
  program.busy--;
}
