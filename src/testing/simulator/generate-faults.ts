import type { FaultMix } from "./fault-mix.js";
import type { Fault, Step } from "./script.js";

type Kind = Fault["kind"];

/** Generates the faults of a run. Each kind is absent from half of the runs, because one kind can hide the effect of another. */
export function faultsOf(mix: FaultMix): Step[] {
  const { random, end, hosts } = mix;
  const steps: Step[] = [];
  // Two clocks cannot detect a suspension and a step back of the wall clock within the same lease.
  const suspends = Array.from({ length: hosts }, () => random.flip(0.5));
  for (const kind of kinds) {
    if (random.flip(0.5)) continue;
    for (let count = random.below(maxCount[kind] + 1); count > 0; count--) {
      const fault = faultOf(kind, mix, suspends);
      if (fault !== null) steps.push({ at: random.between(0, end), fault });
    }
  }
  return [...steps, ...hungAtTheStart(mix)];
}

/** Maximum duration of most faults, in ms. */
const maxFaultMs = 2_500;

/** Maximum number of faults of each kind in a run. */
const maxCount: Record<Kind, number> = {
  crash: 6,
  flush: 0,
  replicate: 0,
  hang: 8,
  nodeStep: 6,
  nodePause: 6,
  scriptFlush: 4,
  refuse: 4,
  reset: 20,
  cut: 15,
  halfOpen: 4,
  full: 10,
  stall: 15,
  lag: 2,
  suspend: 6,
  wallStep: 8,
  die: 4,
  close: 3,
};

const kinds = Object.keys(maxCount) as Kind[];

/** How long each tick of a lagging event loop takes, in ms. */
const ticks = [5, 50, 600, 1_500] as const;

/** Makes some nodes hang at the start, when processes contact them for the first time. */
function hungAtTheStart({ random, nodes }: FaultMix): Step[] {
  if (random.flip(0.7)) return [];
  return Array.from({ length: nodes }, (_, node): Step[] =>
    random.flip(0.4) ? [{ at: 0, fault: { kind: "hang", node, for: random.between(100, 5_000) } }] : [],
  ).flat();
}

function faultOf(kind: Kind, mix: FaultMix, suspends: readonly boolean[]): Fault | null {
  const { random, ttl, faults, nodes, hosts } = mix;
  const beyond = faults === "beyond";
  const node = random.below(nodes);
  const host = random.below(hosts);
  const time = random.between(0, Math.min(maxFaultMs, random.flip(0.7) ? ttl : 4 * ttl + 500));
  const all = Array.from({ length: nodes }, (_, index) => index);
  switch (kind) {
    case "crash":
      return { kind, node, for: time, memory: "same" };
    case "flush":
    case "replicate":
      return null;
    case "hang":
    case "nodePause":
      return { kind, node, for: time };
    case "nodeStep":
      // Within the assumptions, steps go back only: keys then expire later, which is safe.
      return { kind, node, by: random.between(-ttl, beyond ? 2 * ttl : 0) };
    case "scriptFlush":
      return { kind, node };
    case "refuse":
      return { kind, node, why: random.flip(0.5) ? "OOM" : "READONLY", for: time };
    case "reset":
      return { kind, node, host };
    case "halfOpen":
      // The cause of one half-open connection often affects all connections of a host.
      return { kind, host, nodes: random.flip(0.5) ? all : [node] };
    case "full":
      return { kind, node, host, for: time };
    case "cut": {
      const whole = random.flip(0.3);
      const way = random.below(3);
      const some = whole ? all : all.filter((index) => index === node || random.flip(0.3));
      return {
        kind,
        host,
        nodes: some,
        there: way !== 1,
        back: way !== 0,
        for: time,
        breaks: random.flip(0.5),
      };
    }
    case "stall":
      return { kind, host, for: time };
    case "lag":
      return { kind, host, turn: random.pick(ticks), for: random.between(0, 2 * maxFaultMs) };
    case "suspend":
      return suspends[host] || beyond ? { kind, host, for: time * 2 } : null;
    case "wallStep": {
      const back = !suspends[host] || beyond;
      return { kind, host, by: back ? random.between(-2 * ttl, 2 * ttl) : random.between(0, 2 * ttl) };
    }
    case "die":
    case "close":
      return { kind, host, for: random.between(1, 1_000) };
  }
}
