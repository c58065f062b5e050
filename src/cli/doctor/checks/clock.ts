import { defaultDriftFactor, driftOf } from "../../../engine/protocol/validity.js";
import type { ClockSample, NodeCheck, SetCheck, Standards } from "../facts.js";
import { note, ok, warning } from "../finding.js";
import { ms } from "../words.js";

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
        `Locks bear a difference, but not a step: a clock that is set right at once by more than the drift of ${ms(drift)} ` +
        `(at a ttl of ${ms(standards.ttl)}) ends locks early on that node.`,
      advice: "let NTP (chrony, slewing) keep the clocks of the nodes and of this machine",
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
      found: `all nodes' clocks are ${described({ offset: (min + max) / 2, uncertainty })} this machine's`,
      value: { least: Math.round(min), most: Math.round(max) },
      means: "It is this machine's clock that is wrong. When it is set right, its leases may end early.",
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
