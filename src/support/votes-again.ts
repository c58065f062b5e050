import { formatDuration } from "./duration.js";

/**
 * When a node that abstains votes again, in the same words wherever an abstention is shown: in errors, by the commands and
 * on the inspector's page. `left`: ms.
 */
export const votesAgain = (left: number): string => `votes again in ${formatDuration(Math.max(0, left))}`;
