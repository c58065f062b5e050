import type { Program } from "./program.js";
import type { Fault } from "./script.js";
import type { Simulation } from "./simulation.js";

/** ms that a program gives itself to close its locks. */
const closing = 500;

/** Lets one thing go wrong, and be well again in its time. */
export function inject(aggregate: Simulation, fault: Fault): void {
  const { timeline, oracle } = aggregate;
  oracle.count(`fault: ${fault.kind}`);
  oracle.note("fault", fault.kind, JSON.stringify(fault));
  const after = (ms: number, callback: () => void) => void timeline.in(ms, callback);
  switch (fault.kind) {
    case "crash": {
      const server = aggregate.server(fault.node);
      const memory = aggregate.mayForget(server) ? fault.memory : "same";
      if (memory !== "same") server.forget();
      server.crash();
      for (const link of aggregate.linksTo(fault.node)) link.orphaned();
      after(fault.for, () => server.restart(memory));
      return;
    }
    case "hang": {
      const server = aggregate.server(fault.node);
      server.hang();
      after(fault.for, () => server.goOn());
      return;
    }
    case "refuse": {
      const server = aggregate.server(fault.node);
      server.refuse(fault.why);
      after(fault.for, () => server.accept(fault.why));
      return;
    }
    case "replicate": {
      const server = aggregate.server(fault.node);
      if (!aggregate.mayForget(server)) return;
      server.flush();
      server.refuse("READONLY");
      after(fault.for, () => server.accept("READONLY"));
      return;
    }
    case "scriptFlush":
      aggregate.server(fault.node).knowsScript = false;
      return;
    case "flush":
      if (aggregate.mayForget(aggregate.server(fault.node))) aggregate.server(fault.node).flush();
      return;
    case "nodeStep": {
      const server = aggregate.server(fault.node);
      const back = Math.max(0, -fault.by);
      server.behind += back;
      server.setBack += back;
      return server.clock.step(fault.by);
    }
    case "nodePause": {
      const server = aggregate.server(fault.node);
      const { clock } = server;
      server.behind += fault.for;
      clock.pause();
      after(fault.for, () => clock.resume());
      return;
    }
    case "halfOpen":
      for (const node of fault.nodes) aggregate.link(fault.host, node).silence();
      return;
    case "full": {
      const link = aggregate.link(fault.host, fault.node);
      link.fill();
      after(fault.for, () => link.drain());
      return;
    }
    case "reset":
      return aggregate.link(fault.host, fault.node).reset("reset");
    case "cut": {
      const { there, back, breaks } = fault;
      const links = fault.nodes.map((node) => aggregate.link(fault.host, node));
      for (const link of links) link.cut(there, back);
      after(fault.for, () => {
        for (const link of links) {
          if (breaks) link.reset("timed out");
          link.mend(there, back);
        }
      });
      return;
    }
    case "stall": {
      const { host } = aggregate.program(fault.host);
      host.freeze();
      after(fault.for, () => host.thaw());
      return;
    }
    case "lag":
      return aggregate.program(fault.host).host.lag(fault.turn, timeline.now + fault.for);
    case "suspend": {
      const { host } = aggregate.program(fault.host);
      host.freeze();
      host.clock.suspend();
      after(fault.for, () => {
        host.steppedAt = timeline.now;
        host.clock.resume();
        host.thaw();
      });
      return;
    }
    case "wallStep": {
      const { host } = aggregate.program(fault.host);
      host.steppedAt = timeline.now;
      return host.clock.step(fault.by);
    }
    case "die": {
      const program = aggregate.program(fault.host);
      if (program.host.dead) return;
      program.die();
      after(fault.for, () => aggregate.revive(fault.host));
      return;
    }
    case "close": {
      const program = aggregate.program(fault.host);
      if (program.host.dead || program.closing || program.host.frozen) return;
      program.closing = true;
      void program.close(closing).then(() => {
        timeline.in(program.lingers, () => leave(aggregate, fault.host, program, fault.for));
      });
    }
  }
}

/** What was closed has left nothing; then its process ends, and begins anew. */
function leave(aggregate: Simulation, index: number, program: Program, pause: number): void {
  if (program.host.dead) return;
  aggregate.oracle.left(program);
  for (const link of program.links) link.end();
  program.host.die();
  aggregate.timeline.in(pause, () => aggregate.revive(index));
}
