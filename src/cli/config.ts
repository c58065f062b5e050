import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { QuarantineRule } from "../engine/node/abstention.js";
import { durationSyntax, parseDuration } from "./duration.js";
import { usageError } from "./exit.js";
import { type GroupAddresses, groupAddresses } from "./group-addresses.js";

/** The content of a configuration file: each key is the default of the option of the same name. */
export interface Config {
  readonly nodes?: readonly string[];
  readonly groups?: GroupAddresses;
  /** The nodes before a change of `nodes`, or the groups before a change of the nodes in `groups`. */
  readonly previous?: readonly string[] | GroupAddresses;
  readonly prefix?: string;
  readonly owner?: string;
  /** In ms, as all durations here. */
  readonly ttl?: number;
  /** False: one attempt, no waiting. */
  readonly wait?: number | false;
  readonly maxHold?: number;
  readonly atLeast?: number;
  readonly grace?: number;
  readonly nodeTimeout?: number;
  readonly connectTimeout?: number;
  readonly quarantine?: QuarantineRule;
  /** What to do if a process with other nodes uses one of the nodes. */
  readonly otherSets?: OtherSetsRule;
  readonly publish?: boolean;
}

export const otherSetsRules = ["warn", "refuse", "allow"] as const;
export type OtherSetsRule = (typeof otherSetsRules)[number];

const fileNames = ["holdfast.config.json", ".holdfastrc.json"] as const;

type Reader = (value: unknown) => unknown;

const duration: Reader = (value) => {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  return typeof value === "string" ? parseDuration(value) : undefined;
};
const addresses: Reader = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
const text: Reader = (value) => (typeof value === "string" ? value : undefined);

const keys: Record<keyof Config, { readonly read: Reader; readonly allowed: string }> = {
  nodes: { read: addresses, allowed: "a list of addresses" },
  groups: { read: groupAddresses, allowed: "a list of lists of addresses, or an object of them" },
  previous: {
    read: (value) => addresses(value) ?? groupAddresses(value),
    allowed: 'a list of addresses, or groups as in "groups"',
  },
  prefix: { read: text, allowed: "a string" },
  owner: { read: text, allowed: "a string" },
  ttl: { read: duration, allowed: durationSyntax },
  wait: {
    read: (value) =>
      value === false ? false : value === "forever" ? Number.POSITIVE_INFINITY : duration(value),
    allowed: `${durationSyntax}, "forever", or false`,
  },
  maxHold: { read: duration, allowed: durationSyntax },
  atLeast: { read: duration, allowed: durationSyntax },
  grace: { read: duration, allowed: durationSyntax },
  nodeTimeout: { read: duration, allowed: durationSyntax },
  connectTimeout: { read: duration, allowed: durationSyntax },
  quarantine: {
    // As on the command line.
    read: (value) =>
      value === "off" ? false : value === false || value === "auto" ? value : duration(value),
    allowed: `"auto", false, "off", or ${durationSyntax}`,
  },
  otherSets: {
    read: (value) => otherSetsRules.find((rule) => rule === value),
    allowed: '"warn", "refuse" or "allow"',
  },
  publish: { read: (value) => (typeof value === "boolean" ? value : undefined), allowed: "true or false" },
};

/** Reads the named file, else the first default file found in `directory`, else nothing. */
export function readConfig(named: string | undefined, directory: string): Config {
  const file = named ?? fileNames.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (file === undefined) return {};
  return parseConfig(readText(file), file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageError(`cannot read ${file}: ${code === "ENOENT" ? "there is no such file" : code}`);
  }
}

/** Error messages never quote values: an address may contain a password. */
export function parseConfig(json: string, file: string): Config {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw usageError(`${file} is not JSON`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw usageError(`${file} must hold an object such as {"nodes": ["redis://host:6379"], "ttl": "30s"}`);
  }
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (!isKey(key)) {
      throw usageError(
        `${file}: unknown key ${JSON.stringify(key)}; known are ${Object.keys(keys).join(", ")}`,
      );
    }
    const read = keys[key].read(value);
    if (read === undefined) throw usageError(`${file}: "${key}" must be ${keys[key].allowed}`);
    config[key] = read;
  }
  return config;
}

const isKey = (key: string): key is keyof Config => Object.hasOwn(keys, key);
