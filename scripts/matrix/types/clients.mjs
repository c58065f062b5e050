/** The client libraries: their packages, how a program makes clients, and what of theirs is no client. */
const ioredis = (version) => ({
  packages: [`ioredis-${version}@npm:ioredis@${version}`],
  imports: `import { Cluster, Redis } from "ioredis-${version}";`,
  made: ["new Redis()", "new Cluster([])"],
  refused: ["Redis", "new Redis().pipeline()"],
});

const nodeRedis = (version, more = []) => ({
  packages: [`redis-${version}@npm:redis@${version}`],
  imports: `import * as redis from "redis-${version}";`,
  made: ["redis.createClient()", "redis.createCluster({ rootNodes: [] })", ...more],
  refused: ["redis.createClient().connect()", "redis.createClient().multi()"],
});

const sentinel = 'redis.createSentinel({ name: "locks", sentinelRootNodes: [] })';

export const clients = [
  [
    "ioredis 4",
    {
      packages: ["@types/ioredis-4@npm:@types/ioredis@4"],
      imports: 'import Redis from "ioredis-4";',
      made: ["new Redis()", "new Redis.Cluster([])"],
      refused: ["Redis"],
    },
  ],
  ["ioredis 5", ioredis("5")],
  ["ioredis 6", ioredis("6")],
  [
    "redis 3",
    {
      packages: ["@types/redis-3@npm:@types/redis@2"],
      imports: 'import { createClient } from "redis-3";',
      made: ["createClient()"],
      refused: ["createClient"],
    },
  ],
  ["redis 4", nodeRedis("4")],
  ["redis 5", nodeRedis("5", [sentinel])],
  ["redis 6", nodeRedis("6", [sentinel])],
];

export const clientProgram = ({ imports, made, refused }) => `
import { createLocks } from "holdfast";
${imports}
createLocks({ nodes: [${made.join(", ")}] });
createLocks({ nodes: [1, 2, 3].map(() => ${made[0]}) });
${refused.map((value) => `// @ts-expect-error\ncreateLocks({ nodes: [${value}] });`).join("\n")}
`;
