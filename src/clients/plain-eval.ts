/** The methods of a plain client that run scripts. */
export interface EvalClient {
  eval(...args: unknown[]): unknown;
  evalsha?(...args: unknown[]): unknown;
}

/** One way in which clients expect the arguments of a script. */
export interface EvalForm {
  /** For messages. */
  readonly name: string;
  /** Passes copies, because the client might modify the arrays. */
  call(client: EvalClient, script: string, keys: readonly string[], args: readonly string[]): unknown;
  /** The same by the SHA-1 of the script; absent if the client is called with the whole script each time. */
  callKnown?(client: EvalClient, sha: string, keys: readonly string[], args: readonly string[]): unknown;
}

/** The documented form. */
const arrays: EvalForm = {
  name: "eval(script, keys, args)",
  call: (client, script, keys, args) => client.eval(script, [...keys], [...args]),
};

/** ioredis and ioredis-mock. */
const spread: EvalForm = {
  name: "eval(script, numberOfKeys, ...keysAndArgs)",
  call: (client, script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
};

/** node-redis, since version 4. */
const named: EvalForm = {
  name: "eval(script, { keys, arguments })",
  call: (client, script, keys, args) => client.eval(script, { keys: [...keys], arguments: [...args] }),
};

/** @upstash/redis, which sends each call over HTTP: the text of the script is sent once. */
export const upstash: EvalForm = {
  ...arrays,
  callKnown: (client, sha, keys, args) => client.evalsha?.(sha, [...keys], [...args]),
};

/** In the order in which they are tried. */
export const evalForms = [arrays, spread, named] as const;
