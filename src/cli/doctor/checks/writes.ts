import type { NodeCheck } from "../facts.js";
import { error, ok } from "../finding.js";
import { isReportedElsewhere } from "../refusal.js";

interface Words {
  readonly means: string;
  readonly advice: string;
}

/** By the first word of the refusal. */
const words: Readonly<Record<string, Words>> = {
  READONLY: {
    means: "It is a replica and takes no writes: its votes fail.",
    advice: "name an independent server instead",
  },
  OOM: {
    means: "It is full and refuses to grant locks: its votes fail.",
    advice: "make room, or raise maxmemory",
  },
  MISCONF: {
    means: "It cannot save to disk and takes no writes: its votes fail.",
    advice: "look at the server's log, and at the room and the rights in its folder",
  },
  NOREPLICAS: {
    means: "Fewer replicas follow than min-replicas-to-write asks for: it takes no writes, its votes fail.",
    advice: "bring the replicas back, or lower min-replicas-to-write",
  },
  MASTERDOWN: {
    means: "It is a replica without its master: its votes fail.",
    advice: "name an independent server",
  },
};

const other: Words = {
  means: "It refuses what granting a lock asks for: its votes fail.",
  advice: "look at the server's log",
};

const isReplica = (code: string): boolean => code === "READONLY" || code === "MASTERDOWN";

/** Whether the server accepts writes now, whatever its configuration says. */
export const checkWrites: NodeCheck = ({ write }, { nodes }) => {
  if (write.ok) return [ok("writes", "it takes writes", true)];
  const { code, message } = write.refusal;
  if (isReportedElsewhere(code) || /unknown command/i.test(message)) return [];
  return [
    error({
      code: "writes",
      found: `it refuses writes (${message})`,
      value: { refusal: code || message },
      ...(words[code] ?? other),
      ...(nodes === 1 && isReplica(code) ? { advice: "name its master instead" } : {}),
    }),
  ];
};
