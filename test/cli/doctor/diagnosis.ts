import type { Diagnosis } from "../../../src/cli/doctor/diagnose.js";
import { examine } from "../../../src/cli/doctor/examine.js";
import type { Finding } from "../../../src/cli/doctor/finding.js";

/** With these timeouts no busy machine counts as slow. */
const patient = { ttl: 100_000, nodeTimeout: 20_000, quarantine: "auto" } as const;

/** The command's diagnosis, without starting a process. The timeout in ms for each node allows for a busy machine. */
export async function diagnosis(nodes: readonly string[], prefix = "", timeout = 10_000): Promise<Diagnosis> {
  const { sets } = await examine({ nodes }, { ...patient, prefix }, timeout);
  const [{ group: _, ...only }] = sets as unknown as [(typeof sets)[number]];
  return only;
}

export const findingsOf = ({ nodes, set }: Diagnosis): Finding[] => [
  ...nodes.flatMap(({ findings }) => findings),
  ...set,
];
