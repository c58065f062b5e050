import type { Program } from "./program.js";
import type { Fault } from "./script.js";
import type { Simulation } from "./simulation.js";

/** The `timeout` in ms with which a program closes its locks. */
const closeTimeoutMs = 500;

/** Injects one fault, and schedules its end. */
export function inject(simulation: Simulation, fault: Fault): void {
  const { timeline, oracle } = simulation;
  oracle.count(`fault: ${fault.kind}`);
  oracle.note("fault", fault.kind, JSON.stringify(fault));
  const after = (ms: number, callback: () => void) => void timeline.in(ms, callback);
  switch (fault.kind) {
    case "crash": {
      const server = simulation.server(fault.node);
      const memory = simulation.mayForget(server) ? fault.memory : "same";
      if (memory !== "same") server.forget();
      server.crash();
      for (const link of simulation.linksTo(fault.node)) link.serverDied();
      after(fault.for, () => server.restart(memory));
      return;
    }
    case "hang": {
      const server = simulation.server(fault.node);
      server.hang();
      after(fault.for, () => server.resume());
      return;
    }
    case "refuse": {
      const server = simulation.server(fault.node);
      server.refuse(fault.why);
      after(fault.for, () => server.accept(fault.why));
      return;
    }
    case "replicate": {
      const server = simulation.server(fault.node);
      if (!simulation.mayForget(server)) return;
      server.flush();
      server.refuse("READONLY");
      after(fault.for, () => server.accept("READONLY"));
      return;
    }
    case "scriptFlush":
      simulation.server(fault.node).knowsScript = false;
      return;
    case "flush":
      if (simulation.mayForget(simulation.server(fault.node))) simulation.server(fault.node).flush();
      return;
    case "nodeStep": {
      const server = simulation.server(fault.node);
      const back = Math.max(0, -fault.by);
      server.behind += back;
      server.setBack += back;
      return server.clock.step(fault.by);
    }
    case "nodePause": {
      const server = simulation.server(fault.node);
      const { clock } = server;
      server.behind += fault.for;
      clock.pause();
      after(fault.for, () => clock.resume());
      return;
    }
    case "halfOpen":
      for (const node of fault.nodes) simulation.link(fault.host, node).makeHalfOpen();
      return;
    case "full": {
      const link = simulation.link(fault.host, fault.node);
      link.fill();
      after(fault.for, () => link.drain());
      return;
    }
    case "reset":
      return simulation.link(fault.host, fault.node).reset("reset");
    case "cut": {
      const { there, back, breaks } = fault;
      const links = fault.nodes.map((node) => simulation.link(fault.host, node));
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
      const { host } = simulation.program(fault.host);
      host.freeze();
      after(fault.for, () => host.thaw());
      return;
    }
    case "lag":
      return simulation.program(fault.host).host.lag(fault.turn, timeline.now + fault.for);
    case "suspend": {
      const { host } = simulation.program(fault.host);
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
      const { host } = simulation.program(fault.host);
      host.steppedAt = timeline.now;
      return host.clock.step(fault.by);
    }
    case "die": {
      const program = simulation.program(fault.host);
      if (program.host.dead) return;
      program.die();
      after(fault.for, () => simulation.revive(fault.host));
      return;
    }
    case "close": {
      const program = simulation.program(fault.host);
      if (program.host.dead || program.closing || program.host.frozen) return;
      program.closing = true;
      void program.close(closeTimeoutMs).then(() => {
        // A process that stalls meanwhile runs its timers, and then this.
        const end = () => endProgram(simulation, fault.host, program, fault.for);
        timeline.in(program.closeDelayMs, () => program.host.run(end, "immediates"));
      });
    }
  }
}

/** Checks what a closed program left behind, ends its process, and restarts the process after `pause` ms. */
function endProgram(simulation: Simulation, index: number, program: Program, pause: number): void {
  if (program.host.dead) return;
  simulation.oracle.closed(program);
  for (const link of program.links) link.end();
  program.host.die();
  simulation.timeline.in(pause, () => simulation.revive(index));
}
