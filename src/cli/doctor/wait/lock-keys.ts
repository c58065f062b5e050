import { quorumOf } from "../../../engine/protocol/quorum.js";
import { CommandError, exitCode } from "../../exit.js";
import type { Answer } from "../facts.js";
import type { Session } from "../session.js";

/** Keys of one node that are looked at. docs/doctor.md names this bound. */
export const maxKeys = 100_000;
/** Keys that one SCAN looks at. */
const scanCount = 500;
/** Keys that one script reads. */
const readCount = 200;

/**
 * The digest of the value of each key, or "" for a value that is no token: a label of at most 128 characters, "~" and 22
 * characters (see token.ts). No token leaves the server.
 */
const digestScript = `local digests = {}
for index, key in ipairs(KEYS) do
  local value = redis.pcall('GET', key)
  local random = type(value) == 'string' and #value <= 600 and string.match(value, '^[^~]+~([%w_-]+)$')
  digests[index] = random and #random == 22 and redis.sha1hex(value) or ''
end
return digests`;

/** A node to compare: its name, and a session with it. */
export interface ComparedNode {
  readonly name: string;
  readonly session: Session;
}

/** A lock that a quorum of the other nodes holds, and that is not on a node. */
export interface MissingLock {
  /** The index of the node. */
  readonly node: number;
  readonly key: string;
  readonly digest: string;
}

export interface Comparison {
  readonly missing: readonly MissingLock[];
  /** How many locks a quorum of nodes holds. */
  readonly locks: number;
  /** Whether all keys were looked at. */
  readonly complete: boolean;
}

/** The keys under the prefix on any of the nodes, and whether these are all. */
export async function scanKeys(
  nodes: readonly ComparedNode[],
  prefix: string,
): Promise<{ keys: string[]; complete: boolean }> {
  const scans = await Promise.all(nodes.map((node) => scan(node, prefix)));
  const keys = new Set(scans.flatMap((one) => one.keys));
  return { keys: [...keys], complete: scans.every(({ complete }) => complete) };
}

async function scan(node: ComparedNode, prefix: string): Promise<{ keys: string[]; complete: boolean }> {
  const pattern = `${prefix.replace(/[\\*?[\]^]/g, "\\$&")}*`;
  const keys: string[] = [];
  let cursor = "0";
  for (let looked = 0; looked < maxKeys; looked += scanCount) {
    const args = ["SCAN", cursor, "MATCH", pattern, "COUNT", String(scanCount)] as const;
    const reply = accepted(node, "SCAN", await node.session.ask(...args));
    const [next, found] = Array.isArray(reply) ? reply : [];
    if (Array.isArray(found)) keys.push(...found.map(String).filter((key) => !key.startsWith("holdfast:")));
    cursor = String(next ?? "0");
    if (cursor === "0") return { keys, complete: true };
  }
  return { keys, complete: false };
}

/** Compares the locks under these keys. Of nodes of which a quorum needs all, none can be told to lack a lock. */
export async function compare(
  nodes: readonly ComparedNode[],
  keys: readonly string[],
): Promise<Omit<Comparison, "complete">> {
  const digests = await Promise.all(nodes.map((node) => read(node, keys)));
  const quorum = quorumOf(nodes.length);
  const missing: MissingLock[] = [];
  let locks = 0;
  for (const [index, key] of keys.entries()) {
    const values = digests.map((own) => own[index] ?? "");
    const digest = values.find(
      (one) => one !== "" && values.filter((other) => other === one).length >= quorum,
    );
    if (digest === undefined) continue;
    locks++;
    for (const [node, value] of values.entries()) if (value !== digest) missing.push({ node, key, digest });
  }
  return { missing, locks };
}

async function read(node: ComparedNode, keys: readonly string[]): Promise<string[]> {
  const digests: string[] = [];
  for (let at = 0; at < keys.length; at += readCount) {
    const some = keys.slice(at, at + readCount);
    const answer = await node.session.ask("EVAL", digestScript, String(some.length), ...some);
    const reply = accepted(node, "EVAL and GET", answer);
    digests.push(...(Array.isArray(reply) ? reply.map(String) : []));
  }
  return digests;
}

/** The server did not answer, or refused for a reason that may pass. */
export class ComparisonError extends Error {
  override readonly name = "ComparisonError";

  constructor(
    /** The name of the node. */
    readonly node: string,
    message: string,
  ) {
    super(message);
  }
}

/** @throws ComparisonError, or CommandError if the user of the address lacks a right. */
function accepted({ name }: ComparedNode, commands: string, answer: Answer<unknown>): unknown {
  if (answer.ok) return answer.value;
  const { code, message } = answer.refusal;
  if (code === "NOPERM") {
    const line = `${name} does not let the user compare its locks: permit ${commands} on the keys of the locks`;
    throw new CommandError(exitCode.unavailable, line);
  }
  throw new ComparisonError(name, message);
}
