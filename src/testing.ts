/**
 * Tools for testing programs that use Holdfast: nodes without a server, virtual time, a simulator of faults, and the contract
 * of nodes.
 */
export type { MemoryNode, MemoryNodeOptions } from "./clients/memory/memory-node.js";
export { memoryNode } from "./clients/memory/memory-node.js";
export type { Clock, Timer } from "./engine/time/clock.js";
export type { Random } from "./engine/time/random.js";
export { type ContractCase, nodeContract } from "./testing/contract/node-contract.js";
export type { FaultClass } from "./testing/simulator/fault-class.js";
export type { Counts, Outcome, Violation } from "./testing/simulator/outcome.js";
export type { SimulationOptions } from "./testing/simulator/simulate.js";
export { simulate } from "./testing/simulator/simulate.js";
export type { SimulatedProcess, UserProgram } from "./testing/simulator/user-program.js";
export { settle, VirtualClock } from "./testing/virtual-clock.js";
