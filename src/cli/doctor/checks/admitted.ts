import type { NodeCheck } from "../facts.js";
import { note } from "../finding.js";

/** Who ended an abstention of the node lately. */
export const checkAdmitted: NodeCheck = ({ admitted }) => {
  if (admitted === null) return [];
  const { by, time, cause } = admitted;
  return [
    note({
      code: "admitted",
      found: `${by} ended its quarantine (${cause}) at ${new Date(time).toISOString()}`,
      value: { by, time, cause },
      means:
        "It voted before every lease that it may have granted had run out: two may have held one lock then.",
    }),
  ];
};
