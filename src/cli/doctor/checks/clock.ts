import { defaultDriftFactor, driftOf } from "../../../engine/protocol/validity.js";
import type { ClockSample, NodeCheck, SetCheck, Standards } from "../facts.js";
import { note, ok, warning } from "../finding.js";
import { everyAsked, ms } from "../words.js";

const allowed = ({ ttl }: Standards) => driftOf(ttl, defaultDriftFactor);

/**
 * Whether a node's clock differs from this machine's by more than the allowed drift, beyond the uncertainty of the
 * measurement.
 */
export const checkClock: NodeCheck = ({ clock, complete }, standards) => {
  if (clock === null && !complete) return [];
  if (clock === null) {
    return [
      note({
        code: "clock",
        found: "it does not report the time",
        value: null,
        means: "Whether its clock is right is not known.",
        advice: "allow the user TIME",
      }),
    ];
  }
  const drift = allowed(standards);
  const value = {
    offset: Math.round(clock.offset),
    uncertainty: Math.ceil(clock.uncertainty),
    drift,
  };
  const found = `its clock is ${described(clock)} this machine's, give or take ${ms(value.uncertainty)}`;
  if (!isOff(clock, drift)) return [ok("clock", found, value)];
  return [
    warning({
      code: "clock",
      found,
      value,
      means:
        "A constant difference affects no lease, no fence and no queue: the node measures by its own clock alone. A step does: " +
        `a clock that is set right at once by more than the drift of ${ms(drift)} (at a ttl of ${ms(standards.ttl)}) ends ` +
        `locks early on that node, or keeps them too long.${standards.nodes === 1 ? ofThisMachine : ""}`,
      advice: "let NTP (chrony, slewing) keep the clocks of the nodes and of this machine",
    }),
  ];
};

/** With several nodes, `checkOwnClock` tells which clock is wrong. */
const ofThisMachine =
  " If this machine's clock is the wrong one, its waiters are served too early or too late, and its fences may step back " +
  "after the node has lost its memory.";

/** Whether the nodes' clocks differ from each other. Each difference from this machine is reported by `checkClock`. */
export const checkClocks: SetCheck = (all, standards) => {
  const clocks = all
    .flatMap((facts) => (facts.reached && facts.clock !== null ? [{ node: facts.node, ...facts.clock }] : []))
    .sort((a, b) => a.offset - b.offset);
  const [last, first] = [clocks[0], clocks.at(-1)];
  if (last === undefined || first === undefined) return [];
  const apart = first.offset - last.offset;
  if (apart - first.uncertainty - last.uncertainty <= allowed(standards)) return [];
  return [
    warning({
      code: "clocks-apart",
      found: `the nodes' clocks are up to ${ms(apart)} apart: ${first.node} is ahead of ${last.node}`,
      value: { apart: Math.round(apart), ahead: first.node, behind: last.node },
      means:
        "No lease, fence or queue compares them. Something has stopped setting one of them, and a step would do harm.",
      advice: "look at NTP on these nodes; set a clock right slowly (slewing), or while no lock is held",
    }),
  ];
};

/** If all nodes differ from this machine alike, this machine's clock is wrong. */
export const checkOwnClock: SetCheck = (all, standards) => {
  const clocks = all.flatMap((facts) => (facts.reached && facts.clock !== null ? [facts.clock] : []));
  const drift = allowed(standards);
  if (clocks.length < 2 || !clocks.every((clock) => isOff(clock, drift))) return [];
  const offsets = clocks.map(({ offset }) => offset);
  const [min, max] = [Math.min(...offsets), Math.max(...offsets)];
  const uncertainty = Math.max(...clocks.map((clock) => clock.uncertainty));
  if (max - min > drift + 2 * uncertainty) return [];
  return [
    warning({
      code: "own-clock",
      found: `the clocks of ${everyAsked(clocks.length, all.length)} are ${described({ offset: (min + max) / 2, uncertainty })} this machine's`,
      value: { least: Math.round(min), most: Math.round(max) },
      means:
        "It is this machine's clock that is wrong. Its waiters count as having come earlier, or later, than they did; where " +
        "its clock is behind, an acquisition with a fence may take one more round; validUntil and the times of events are " +
        "off. When it is set right at once, its leases may end early.",
      advice: "let NTP (chrony, slewing) keep this machine's clock",
    }),
  ];
};

const isOff = ({ offset, uncertainty }: ClockSample, drift: number): boolean =>
  Math.abs(offset) - uncertainty > drift;

function described({ offset, uncertainty }: ClockSample): string {
  if (Math.abs(offset) <= uncertainty) return "level with";
  return `${ms(Math.abs(Math.round(offset)))} ${offset > 0 ? "ahead of" : "behind"}`;
}
