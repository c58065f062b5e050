/** The methods of a plain client that run scripts. A client has at least one of them. */
export interface EvalClient {
  eval?(...args: unknown[]): unknown;
  send?(command: string, args: string[]): unknown;
}

/** One way in which clients expect the arguments of a script. */
export interface EvalForm {
  /** For messages. */
  readonly name: string;
  readonly method: "eval" | "send";
  /** Passes copies, because the client might modify the arrays. */
  call(client: EvalClient, script: string, keys: readonly string[], args: readonly string[]): unknown;
}

/** The documented form, which is also that of @upstash/redis. */
const arrays: EvalForm = {
  name: "eval(script, keys, args)",
  method: "eval",
  call: (client, script, keys, args) => client.eval?.(script, [...keys], [...args]),
};

/** ioredis, ioredis-mock, and Bun's client. */
const spread: EvalForm = {
  name: "eval(script, numberOfKeys, ...keysAndArgs)",
  method: "eval",
  call: (client, script, keys, args) => client.eval?.(script, keys.length, ...keys, ...args),
};

/** node-redis, since version 4. */
const named: EvalForm = {
  name: "eval(script, { keys, arguments })",
  method: "eval",
  call: (client, script, keys, args) => client.eval?.(script, { keys: [...keys], arguments: [...args] }),
};

/** Bun's client: any command. */
export const sent: EvalForm = {
  name: 'send("EVAL", [script, numberOfKeys, ...keysAndArgs])',
  method: "send",
  call: (client, script, keys, args) =>
    client.send?.("EVAL", [script, String(keys.length), ...keys, ...args]),
};

/** In the order in which they are tried. */
export const evalForms = [arrays, spread, named] as const;
