import { ioredisSubject, ioredisVersions, nodeRedisSubject, nodeRedisVersions } from "../contract/clients.js";
import { type Open, openReady, type Subject } from "../contract/subject.js";

/** Functions that open a node on one server, one per library; RESP 2, which every server supports. */
export function everyClient(port: () => number, user?: { name: string; password: string }): [string, Open][] {
  const credentials = user === undefined ? {} : { username: user.name, password: user.password };
  return [
    ...ioredisVersions.map(([name, { Redis }]): [string, Open] => [
      name,
      () => ioredisSubject(new Redis({ port: port(), lazyConnect: true, protocol: 2, ...credentials })),
    ]),
    ...nodeRedisVersions.map(([name, { createClient }]): [string, Open] => [
      name,
      () =>
        nodeRedisSubject(
          createClient({ socket: { port: port(), host: "127.0.0.1" }, RESP: 2, ...credentials }),
        ),
    ]),
  ];
}

/** Opens a ready node, and closes it after the test. */
export async function withNode<T>(open: Open, test: (node: Subject["node"]) => Promise<T>): Promise<T> {
  const { node, end } = await openReady(open);
  try {
    return await test(node);
  } finally {
    await node.close();
    await end();
  }
}
