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
