/**
 * The clients of the matrix: the packages, under the names that the programs use, and the source that makes three nodes of
 * the ports. `builtIn` names the only runtime that contains the client.
 */
const each = (make, end) => `
  const clients = await Promise.all([0, 1, 2].map(async (index) => ${make}));
  const nodes = clients;
  const close = () => Promise.all(clients.map((client) => ${end}));
`;

const ioredis = (name, source) => ({
  label: name,
  packages: { [source.alias]: source.spec },
  libraries: [source.alias],
  make: each('new (named(library0, "Redis"))(ports[index], "127.0.0.1")', "client.quit()"),
});

const nodeRedis = (version, end) => ({
  label: `redis ${version}`,
  packages: { [`redis-${version}`]: `npm:redis@${version}` },
  libraries: [`redis-${version}`],
  make: each('named(library0, "createClient")({ url: "redis://127.0.0.1:" + ports[index] })', end),
});

export const mixed = {
  label: "ioredis, redis and an address",
  packages: { "ioredis-6": "npm:ioredis@6", "redis-6": "npm:redis@6" },
  libraries: ["ioredis-6", "redis-6"],
  make: `
  const first = new (named(library0, "Redis"))(ports[0], "127.0.0.1");
  const second = named(library1, "createClient")({ url: "redis://127.0.0.1:" + ports[1] });
  const nodes = [first, second, "redis://127.0.0.1:" + ports[2]];
  const close = async () => {
    await first.quit();
    await second.close();
  };
`,
};

export const clients = [
  ...["4", "5", "6"].map((version) =>
    ioredis(`ioredis ${version}`, { alias: `ioredis-${version}`, spec: `npm:ioredis@${version}` }),
  ),
  {
    ...nodeRedis("3", "new Promise((resolve) => client.quit(resolve))"),
    make: each(
      'named(library0, "createClient")({ host: "127.0.0.1", port: ports[index] })',
      "new Promise((resolve) => client.quit(resolve))",
    ),
  },
  nodeRedis("4", "client.quit()"),
  nodeRedis("5", "client.close()"),
  nodeRedis("6", "client.close()"),
  ioredis("iovalkey", { alias: "iovalkey", spec: "latest" }),
  {
    label: "Valkey GLIDE",
    packages: { "@valkey/valkey-glide": "latest" },
    libraries: ["@valkey/valkey-glide"],
    make: each(
      'named(library0, "GlideClient").createClient({ addresses: [{ host: "127.0.0.1", port: ports[index] }], requestTimeout: 5_000 })',
      "client.close()",
    ),
  },
  {
    label: "@upstash/redis",
    packages: { "@upstash/redis": "latest" },
    libraries: ["@upstash/redis"],
    make: each(
      'new (named(library0, "Redis"))({ url: urls[index], token: "rest-token", retry: false })',
      "undefined",
    ),
  },
  {
    label: "Bun's RedisClient",
    builtIn: "Bun",
    packages: {},
    libraries: ["bun"],
    make: each('new (named(library0, "RedisClient"))("redis://127.0.0.1:" + ports[index])', "client.close()"),
  },
];
