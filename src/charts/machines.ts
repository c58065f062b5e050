import type { AnyStateMachine } from "xstate";
import { electionMachine } from "../machines/election.js";
import { lockMachine } from "../machines/lock.js";
import { managerMachine } from "../machines/manager.js";
import { nodeMachine } from "../machines/node.js";
import type { ChartName } from "./layout.js";

/** The machines from which the charts are drawn. */
export const machines: Readonly<Record<ChartName, AnyStateMachine>> = {
  lock: lockMachine,
  node: nodeMachine,
  manager: managerMachine,
  election: electionMachine,
};
