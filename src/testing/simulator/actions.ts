import { readHandover } from "../../api/handover.js";
import type { Handle, Lease } from "../../api/types.js";
import type { AcquireOptions } from "../../lock/options.js";
import { targetOf } from "./action-target.js";
import { hashOf } from "./checkers/clean-up.js";
import type { Program } from "./program.js";
import type { Action } from "./script.js";
import type { Simulation } from "./simulation.js";

/** Maximum duration of a run of renewals, in ms of true time. */
const maxRenewalsMs = 10_000;
/** How often one handle is acquired. */
const rounds = 3;

/** Performs one action of a user. Errors are ignored here: the checkers judge what the locks reported. */
export async function act(simulation: Simulation, program: Program, action: Action): Promise<void> {
  if (program.host.dead || program.closing) return;
  const foreignClient = simulation.foreignClients.get(program);
  program.busy++;
  try {
    if (foreignClient !== undefined) await foreignClient.act(action);
    else await new ActionRun(simulation, program, action).act();
  } catch {
    // Expected: contended, no quorum, aborted, closed, or too late.
  }
  program.busy--;
}

class ActionRun {
  private readonly cancellations: (() => void)[] = [];

  constructor(
    private readonly simulation: Simulation,
    private readonly program: Program,
    private readonly action: Action,
  ) {}

  async act(): Promise<void> {
    try {
      await this.run();
    } finally {
      for (const end of this.cancellations) end();
    }
  }

  private async run(): Promise<void> {
    const { action, program } = this;
    const { locks } = program;
    const { kind, resources } = action;
    const options = this.options();
    const target = targetOf(locks, action);
    if (kind === "inspect") {
      await this.expectWithin("inspection", 0, locks.inspect(resources[0] ?? "a"));
    } else if (kind === "try") {
      const lease = await this.expectWithin("attempt", 0, target.tryAcquire(options));
      if (lease !== null) await this.holdAndEnd(lease);
    } else if (kind === "using") {
      await target.using(options, (lease) => this.hold(lease));
    } else if (kind === "handle") {
      await this.reuse(target.handle(options));
    } else if (kind === "elect") {
      await this.elect();
    } else if (kind === "redlock") {
      await this.redlock();
    } else {
      await this.holdAndEnd(await this.expectWithin("acquisition", action.wait, target.acquire(options)));
    }
  }

  /** Is a candidate for some time, and resigns or closes. Another candidate of the program may be in the way. */
  private async elect(): Promise<void> {
    const { action, program, simulation } = this;
    const { host, locks } = program;
    const { ttl, fence, hold, wait, abortAfter, resources } = action;
    const election = locks.election(resources[0] ?? "leader", {
      ttl,
      fence,
      onElected: () => simulation.oracle.count("elected"),
    });
    await host.sleep(wait / 2 + hold);
    if (abortAfter !== null) {
      await this.expectWithin("resignation", 0, election.resign());
      await host.sleep(hold);
    }
    await this.expectWithin("end of a candidature", 0, election.close());
  }

  /** Uses the API of redlock 5. */
  private async redlock(): Promise<void> {
    const { action, program, simulation } = this;
    const { redlock, host } = program;
    const resources = [...action.resources];
    const retries = { retryCount: action.wait > 0 ? 5 : 0, retryDelay: 40, retryJitter: 20 };
    const bound = 60 * retries.retryCount;
    if (action.policy && action.ttl > 200) {
      const settings = { ...retries, automaticExtensionThreshold: Math.floor(action.ttl / 4) };
      return redlock.using(resources, action.ttl, settings, () => host.sleep(action.hold));
    }
    const asked = redlock.acquire(resources, action.ttl, retries);
    let lock = await this.expectWithin(
      "acquisition by Redlock",
      (1 + retries.retryCount) * this.attemptMs + bound,
      asked,
    );
    try {
      await host.sleep(Math.min(action.hold, action.ttl));
      if (action.extend === null) return;
      const { ttl } = action.extend;
      simulation.oracle.ttl.requested(lock.value, ttl ?? action.ttl);
      lock = await redlock.extend(lock, ttl ?? action.ttl, retries);
      await host.sleep(action.hold);
    } finally {
      if (action.end !== "forget") await redlock.release(lock, retries);
    }
  }

  private async reuse(handle: Handle): Promise<void> {
    const { action, program } = this;
    for (let round = 0; round < rounds; round++) {
      const acquired = this.expectWithin("acquisition", action.wait, handle.acquire());
      // Another part of the program releases the handle early.
      if (round === 1 && action.abortAfter !== null) this.later(action.hold, () => void handle.release());
      await this.holdAndEnd(await acquired);
      if (handle.state === "held" || program.closing) return;
    }
  }

  private async holdAndEnd(lease: Lease): Promise<void> {
    const { end } = this.action;
    await this.hold(lease);
    if (end === "release") {
      await this.expectWithin("release", 0, lease.release());
    } else if (end === "forget") {
      while (lease.remaining() > 0) await this.program.host.sleep(lease.remaining() + 1);
    } else {
      const note = lease.handover();
      this.simulation.oracle.count("handed over");
      this.simulation.oracle.cleanUp.handOver(readHandover(note).token, this.program);
      // The note may still be in transit when this process dies.
      const { heir, after } = end;
      this.simulation.handoversInTransit++;
      this.simulation.timeline.in(after, () => {
        this.simulation.handoversInTransit--;
        const program = this.simulation.program(heir);
        program.host.run(() => void adoptAndHold(this.simulation, program, note, this.action));
      });
    }
  }

  private async hold(lease: Lease): Promise<void> {
    const { hold, extend, renewals, upgrade } = this.action;
    const { host } = this.program;
    if (renewals > 0) await this.renewInARow(lease);
    if (upgrade !== undefined) {
      await host.sleep(upgrade.after);
      const { wait } = upgrade;
      await this.expectWithin("upgrade", wait, lease.upgrade({ wait })).then(
        () => this.simulation.oracle.count("upgraded"),
        () => {},
      );
    }
    if (extend !== null && extend.after < hold) {
      await host.sleep(extend.after);
      if (extend.ttl !== null) this.requested(lease, extend.ttl);
      await lease.renew(extend.ttl ?? undefined).catch(() => {});
      await host.sleep(hold - extend.after);
    } else {
      await host.sleep(hold);
    }
    if (lease.remaining() > 0) lease.assertHeld();
  }

  /** Renews the lease repeatedly, and checks that no node extends it beyond the TTL that was requested. */
  private async renewInARow(lease: Lease): Promise<void> {
    const { simulation, program, action } = this;
    const { timeline } = simulation;
    const end = timeline.now + maxRenewalsMs;
    for (let renewal = 0; renewal < action.renewals && timeline.now < end; renewal++) {
      if (program.closing || lease.remaining() === 0) return;
      await lease.renew().catch(() => {});
    }
    const token = program.tokenOf(lease);
    const maxTtl = token === null ? null : simulation.oracle.ttl.maxTtlOf(token);
    if (token === null || maxTtl === null) return;
    simulation.oracle.count("renewed in a row");
    for (const { node, key, tokenHash, ttlLeft } of await simulation.contents()) {
      const back = simulation.servers.find(({ name }) => name === node)?.setBack ?? 0;
      if (tokenHash !== hashOf(token) || ttlLeft <= maxTtl + back) continue;
      simulation.oracle.violated(
        "ttl",
        `${node} keeps ${key} for ${ttlLeft} ms, after ${action.renewals} renewals`,
      );
    }
  }

  private requested(lease: Lease, ttl: number): void {
    const token = this.program.tokenOf(lease);
    if (token !== null) this.simulation.oracle.ttl.requested(token, ttl);
  }

  private options(): AcquireOptions {
    const { ttl, wait, fence, fair, renew, maxHold, holdAtLeast, mode, policy, abortAfter } = this.action;
    const { oracle } = this.simulation;
    const controller = new AbortController();
    if (abortAfter !== null) this.later(abortAfter, () => controller.abort(new Error("enough")));
    return {
      ttl,
      wait,
      fence,
      fair,
      renew,
      onLost: ({ acquisition }) => oracle.loss.onLostCalled(acquisition),
      ...(maxHold === null ? {} : { maxHold }),
      ...(holdAtLeast === undefined ? {} : { holdAtLeast }),
      ...(mode === undefined ? {} : { mode }),
      ...(policy ? { retry: { delay: 10, maxDelay: 100 } } : {}),
      ...(abortAfter === null ? {} : { signal: controller.signal }),
    };
  }

  private later(ms: number, callback: () => void): void {
    this.cancellations.push(this.program.host.later(ms, callback));
  }

  /** Maximum duration of one attempt in ms: six node timeouts, plus identifying all nodes in the first attempt of a process. */
  private get attemptMs(): number {
    const { nodeTimeout, connectTimeout } = this.program.plan;
    return 6 * Math.max(nodeTimeout, 100) + connectTimeout;
  }

  private expectWithin<T>(what: string, wait: number, promise: Promise<T>): Promise<T> {
    const { simulation, program, action } = this;
    simulation.oracle.count(what);
    // Without a `wait`, the attempts bound the duration.
    const bound = wait > 0 ? wait : this.attemptMs;
    return simulation.oracle.waiters.expect(program, `${what} of ${action.resources}`, bound, promise);
  }
}

/** Adopts a lease that another process handed over, holds it, and releases it. */
async function adoptAndHold(
  simulation: Simulation,
  program: Program,
  note: string,
  action: Action,
): Promise<void> {
  if (program.closing || program.plan.foreign) return;
  program.busy++;
  try {
    const { fence, renew, hold, resources } = action;
    const onLost = ({ acquisition }: { acquisition: string }) =>
      simulation.oracle.loss.onLostCalled(acquisition);
    const adopted = program.locks.adopt(note, { wait: 1_000, fence, renew, onLost });
    simulation.oracle.count("adoption");
    const lease = await simulation.oracle.waiters.expect(program, `adoption of ${resources}`, 1_000, adopted);
    simulation.oracle.cleanUp.adopted(readHandover(note).token, program);
    await program.host.sleep(hold);
    await lease.release();
  } catch {
    // Expected: the note came too late, or another process has adopted the lease.
  }
  program.busy--;
}
