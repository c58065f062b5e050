import type { Diagnosis } from "../../../src/cli/doctor/diagnose.js";
import { examine } from "../../../src/cli/doctor/examine.js";
import type { Finding } from "../../../src/cli/doctor/finding.js";

/** By these no busy machine looks slow. */
const patient = { ttl: 100_000, nodeTimeout: 20_000 };

/** What the command finds, without starting it. ms for each node, as much as a busy machine may need. */
export const diagnosis = (addresses: readonly string[], prefix = "", timeout = 10_000): Promise<Diagnosis> =>
  examine(addresses, { ...patient, prefix }, timeout);

export const findingsOf = ({ nodes, set }: Diagnosis): Finding[] => [
  ...nodes.flatMap(({ findings }) => findings),
  ...set,
];
