import type { EngineGroup } from "../engine/quorum/engine-group.js";
import type { NodeFindings } from "../lock/manager-context.js";
import type { ManagerEmitter } from "./manager-emitter.js";

/** What a manager shares with the managers of other groups of nodes, if resources are spread over several groups. */
export interface ManagerGroup extends EngineGroup {
  readonly name: string;
  /** What the engines of all groups have found out: if two groups have a server in common, all are refused. */
  readonly findings: NodeFindings;
  readonly events: ManagerEmitter;
  /** Called at intervals while locks of this group are in use. Every group then records that it is used. */
  used(): void;
}
