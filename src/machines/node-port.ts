import { Ports } from "./port.js";

/** The object that the node state machine reports to. */
export interface NodePort {
  up(): void;
  down(cause: string): void;
  quarantined(until: number | null, cause: string | undefined): void;
}

export const nodePorts = new Ports<NodePort>();
