import type { Colours } from "../colours.js";

/**
 * The colour for a state of a lock or a node. A substate has the colour of its parent, except "renewing.retrying".
 */
export function colourOf(state: string, paint: Colours): (text: string) => string {
  if (state === "renewing.retrying") return paint.yellow;
  switch (state.split(".")[0]) {
    case "held":
    case "ready":
      return paint.green;
    case "acquiring":
    case "connecting":
      return paint.cyan;
    case "renewing":
      return paint.blue;
    case "suspect":
      return paint.yellow;
    case "upgrading":
    case "quarantined":
      return paint.magenta;
    case "expired":
    case "unresponsive":
    case "down":
      return paint.red;
    default:
      return paint.dim;
  }
}
