import type fc from "fast-check";
import { beforeAll, describe, it, vi } from "vitest";
import { inspectorHandler, serveInspector } from "../../src/inspector.js";
import { type Check, isPlain, unknownOption } from "./calls/options.js";
import { given, otherThan } from "./support/odd-values.js";
import { type BadCall, refusesAll } from "./support/refusal.js";
import { createSubjects, type Subjects } from "./support/subjects.js";

// Allows thousands of inputs on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const isPort: Check = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535;
const isText: Check = (value) => typeof value === "string" && !/\p{Surrogate}/u.test(value);
const isToken: Check = (value) => typeof value === "string" && /^[!-~]{16,256}$/.test(value);
/** Without a token, only loopback addresses are allowed. */
const isLoopback: Check = (value) => typeof value === "string" && /^(localhost|::1|127\..*)$/i.test(value);

const bad: Readonly<Record<string, fc.Arbitrary<object>>> = {
  port: given(isPort).map((port) => ({ port })),
  host: given(isLoopback).map((host) => ({ host, port: 0 })),
  token: given(isToken).map((token) => ({ token, port: 0 })),
  title: given((value) => isText(value) && String(value).length <= 200).map((title) => ({ title, port: 0 })),
  "an option that it has not": unknownOption(["port", "host", "token", "title"]),
};

const isPath: Check = (value) =>
  typeof value === "string" && /^\/[\w.~!$&'()*+,;=:@%/-]{0,500}$/.test(value) && !/\/\/|\.\./.test(value);

const badHandlers: Readonly<Record<string, fc.Arbitrary<object>>> = {
  "base path": given(isPath).map((basePath) => ({ basePath })),
  "title of a handler": given((value) => isText(value) && String(value).length <= 200).map((title) => ({
    title,
  })),
  "an option that a handler has not": unknownOption(["basePath", "title"]),
};

const calls: readonly BadCall<Subjects>[] = [
  ...Object.entries(badHandlers).map(
    ([what, options]): BadCall<Subjects> => ({
      covers: "inspectorHandler",
      what,
      inputs: options.map((one) => [one]),
      call: async ({ locks }, [options]) => inspectorHandler(locks, options),
    }),
  ),
  {
    covers: "inspectorHandler",
    what: "no locks for a handler",
    inputs: otherThan(() => false).map((locks) => [locks]),
    call: async (_, [locks]) => inspectorHandler(locks as never),
  },
  ...Object.entries(bad).map(
    ([what, options]): BadCall<Subjects> => ({
      covers: "serveInspector",
      what,
      inputs: options.map((one) => [one]),
      call: ({ locks }, [options]) => serveInspector(locks, options),
    }),
  ),
  {
    covers: "serveInspector",
    what: "no options at all",
    inputs: given(isPlain).map((options) => [options]),
    call: ({ locks }, [options]) => serveInspector(locks, options),
  },
  {
    covers: "serveInspector",
    what: "no locks",
    inputs: otherThan(() => false).map((locks) => [locks]),
    call: (_, [locks]) => serveInspector(locks as never, { port: 0 }),
  },
  {
    covers: "serveInspector",
    what: "a list of locks and something else",
    inputs: otherThan(() => false).map((other) => [other]),
    call: ({ locks }, [other]) => serveInspector([locks, other as never], { port: 0 }),
  },
];

let subjects: Subjects;
beforeAll(async () => {
  subjects = await createSubjects();
});

describe("an inspector throws a typed error, and opens nothing, for an invalid", () => {
  it.each(calls.map((call) => [call.what ?? "", call] as const))("%s", (_, call) =>
    refusesAll(call, subjects),
  );
});
