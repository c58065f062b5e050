import type { StateValue } from "xstate";
import { pathOf } from "../machines/table.js";

/** Whether the chart went somewhere. An event that a state does not know leaves it where it is. */
export const moved = (from: StateValue, to: StateValue): boolean =>
  from !== to && pathOf(from) !== pathOf(to);
