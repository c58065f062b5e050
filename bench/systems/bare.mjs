/**
 * The client library alone: a lower bound for the cost of a lock, without validity, retries or error handling. `bare`
 * sends each command separately and awaits every node; `grouped` sends all commands of a tick of the event loop as one call.
 */
import { createHash } from "node:crypto";

let serial = 0;
const token = () => `bare-token-of-some-length-${serial++}`;

const releaseScript = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0`;

/** A TTL of 0 releases. */
const groupScript = `
local done = {}
for i, key in ipairs(KEYS) do
  local token, ttl = ARGV[2 * i - 1], ARGV[2 * i]
  if ttl ~= "0" then
    done[i] = redis.call("set", key, token, "NX", "PX", ttl) and 1 or 0
  elseif redis.call("get", key) == token then
    done[i] = redis.call("del", key)
  else
    done[i] = 0
  end
end
return done`;

const libraries = {
  ioredis: {
    set: (client, key, value, ttl) => client.set(key, value, "PX", ttl, "NX"),
    load: (client, script) => client.script("LOAD", script),
    evalSha: (client, sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
  },
  "node-redis": {
    set: (client, key, value, ttl) => client.set(key, value, { PX: ttl, NX: true }),
    load: (client, script) => client.scriptLoad(script),
    evalSha: (client, sha, keys, args) => client.evalSha(sha, { keys, arguments: args }),
  },
};

const sha = (script) => createHash("sha1").update(script).digest("hex");

const mustBe = (wanted, replies) => {
  for (const reply of replies)
    if (reply !== wanted) throw new Error(`unexpected reply to a bare client: ${reply}`);
};

export async function openBare(nodes, { client, ttl }) {
  const { set, load, evalSha } = libraries[client];
  await Promise.all(nodes.map((node) => load(node, releaseScript)));
  const hash = sha(releaseScript);
  return {
    acquire: async (resource) => {
      const value = token();
      mustBe("OK", await Promise.all(nodes.map((node) => set(node, resource, value, ttl))));
      return async () =>
        mustBe(1, await Promise.all(nodes.map((node) => evalSha(node, hash, [resource], [value]))));
    },
  };
}

/** Collects the requests of a tick, and sends them to every node as one call. */
function group(send) {
  let asked = [];
  const flush = async () => {
    const calls = asked;
    asked = [];
    const keys = calls.map(({ key }) => key);
    const args = calls.flatMap(({ value, ttl }) => [value, ttl]);
    const replies = await send(keys, args);
    for (let index = 0; index < calls.length; index++) {
      calls[index].settle(replies.every((reply) => reply[index] === 1));
    }
  };
  return (key, value, ttl) =>
    new Promise((resolve, reject) => {
      if (asked.length === 0) setImmediate(() => flush().catch(reject));
      asked.push({ key, value, ttl, settle: (good) => (good ? resolve() : reject(new Error("refused"))) });
    });
}

export async function openGrouped(nodes, { client, ttl }) {
  const { load, evalSha } = libraries[client];
  await Promise.all(nodes.map((node) => load(node, groupScript)));
  const hash = sha(groupScript);
  const ask = group((keys, args) => Promise.all(nodes.map((node) => evalSha(node, hash, keys, args))));
  return {
    acquire: async (resource) => {
      const value = token();
      await ask(resource, value, String(ttl));
      return () => ask(resource, value, "0");
    },
  };
}
