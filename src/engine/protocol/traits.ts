import type { LockCommand } from "./command.js";
import { type ClaimingOp, traits } from "./script.generated.js";

/** Whether a node must remember everything that it granted to execute this command. */
export const needsMemory = ({ op }: LockCommand): boolean => traits[op].needsMemory;

/** The commands that may set a key. A release must follow them, and none may be sent after it was given up. */
export type ClaimingCommand = Extract<LockCommand, { op: ClaimingOp }>;

export const claims = (command: LockCommand): command is ClaimingCommand => traits[command.op].claims;
