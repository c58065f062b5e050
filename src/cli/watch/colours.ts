import type { Colours } from "../colours.js";

/**
 * The colour for a state of a lock or a node, as on the page: a terminal's yellow, cyan and magenta are its amber, teal and
 * violet. A substate has the colour of its parent, except "renewing.retrying", in which the lease is at risk.
 */
export function colourOf(state: string, paint: Colours): (text: string) => string {
  if (state === "renewing.retrying") return paint.red;
  switch (state.split(".")[0]) {
    case "held":
    case "ready":
      return paint.green;
    case "acquiring":
    case "suspect":
      return paint.yellow;
    case "renewing":
      return paint.cyan;
    case "releasing":
      return paint.blue;
    case "upgrading":
    case "quarantined":
      return paint.magenta;
    case "expired":
    case "run out":
    case "unresponsive":
    case "down":
      return paint.red;
    default:
      return paint.dim;
  }
}
