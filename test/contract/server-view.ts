import { Cluster, Redis } from "ioredis";

/** Direct access to the servers behind a node, with keys as they are stored. */
export interface ServerView {
  get(key: string): Promise<string | null>;
  pttl(key: string): Promise<number>;
  /** SET as another program would send it; null when NX refused it. */
  set(key: string, value: string, ...options: (string | number)[]): Promise<string | null>;
  makeList(key: string): Promise<void>;
  type(key: string): Promise<string>;
  /** SCRIPT FLUSH on every server. */
  forgetScripts(): Promise<void>;
  /** The run ids of all servers. */
  runIds(): Promise<string[]>;
  close(): void;
}

/** `stored` maps a lock's key to the key on the server. */
function view(client: Redis | Cluster, stored: (key: string) => string): ServerView {
  const servers = (): Redis[] => (client instanceof Cluster ? client.nodes("master") : [client]);
  return {
    get: (key) => client.get(stored(key)),
    pttl: (key) => client.pttl(stored(key)),
    set: (key, value, ...options) =>
      client.call("SET", stored(key), value, ...options) as Promise<string | null>,
    makeList: async (key) => {
      await client.rpush(stored(key), "item");
    },
    type: (key) => client.type(stored(key)),
    forgetScripts: async () => {
      for (const server of servers()) await server.script("FLUSH");
    },
    runIds: async () => {
      const infos = await Promise.all(servers().map((server) => server.info("server")));
      return infos.map((info) => /run_id:(\w+)/.exec(info)?.[1] ?? "");
    },
    close: () => client.disconnect(),
  };
}

export const viewOfServer = (port: number, { prefix = "", db = 0 } = {}): ServerView =>
  view(new Redis({ port, db }), (key) => prefix + key);

export const viewOfCluster = (port: number, { prefix = "" } = {}): ServerView =>
  view(new Cluster([{ host: "127.0.0.1", port }]), (key) => prefix + key);
