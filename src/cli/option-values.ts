import { InvalidArgumentError } from "commander";
import type { QuarantineRule } from "../engine/node/abstention.js";
import { durationSyntax, parseDuration } from "./duration.js";

/** Parsers of option values. Their errors become one line that names the option. */

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`It must be ${durationSyntax}.`);
  return ms;
}

export function positiveDuration(text: string): number {
  const ms = duration(text);
  if (ms === 0) throw new InvalidArgumentError("It must be longer than nothing.");
  return ms;
}

/** How long a node that lost its memory does not vote. */
export function quarantine(text: string): QuarantineRule {
  if (text === "auto") return text;
  if (text === "off") return false;
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`It must be "auto", "off", or ${durationSyntax}.`);
  return ms;
}

export const durationOrForever = (text: string): number =>
  text === "forever" ? Number.POSITIVE_INFINITY : duration(text);

export function exitStatus(text: string): number {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(code <= 255)) throw new InvalidArgumentError("It must be an integer from 0 to 255.");
  return code;
}

export function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= 65_535)) throw new InvalidArgumentError("It must be an integer from 0 to 65535.");
  return number;
}

/** For options that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export function collectResources(text: string, before: readonly string[] = []): readonly string[] {
  if (text === "") throw new InvalidArgumentError("A resource is a non-empty string.");
  return [...before, text];
}

const sizes: Readonly<Record<string, number>> = { kb: 1_000, mb: 1_000_000, gb: 1_000_000_000 };
/** A smaller recording would be copied all the time, and a larger one cannot be read. */
const minFileSize = 1_000_000;
const maxFileSize = 4_000_000_000;

/** Bytes of a file: "200MB". */
export function fileSize(text: string): number {
  const [, number, unit = ""] = /^(\d{1,6}) ?(kb|mb|gb)$/i.exec(text) ?? [];
  const bytes = Number(number) * (sizes[unit.toLowerCase()] ?? Number.NaN);
  if (!(bytes >= minFileSize && bytes <= maxFileSize))
    throw new InvalidArgumentError("It must be a size from 1MB to 4GB, such as 200MB.");
  return bytes;
}
