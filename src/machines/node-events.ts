export type NodeMachineEvent =
  | { type: "CONNECTED" }
  | { type: "DISCONNECTED"; cause?: string }
  /** The node did not answer within the node timeout. `cause`: the reason, if known. */
  | { type: "SILENT"; cause?: string }
  /** The node has been silent so often that it is only probed, until it answers. */
  | { type: "UNRESPONSIVE"; cause?: string }
  /** The node answered again after a silence. */
  | { type: "ANSWERED" }
  /** The node lost its memory, and abstains. `until`: epoch ms; null if the time is not known yet. */
  | { type: "FORGOT"; until: number | null; cause?: string }
  /** The node has a memory again, and votes. */
  | { type: "REMEMBERED" };
