import { fileURLToPath } from "node:url";
import { afterAll, describe, test } from "vitest";
import { isHoldfastError, type Locks } from "../../../src/index.js";
import { endAll, holdfast } from "../support/holdfast.js";
import { endScenes, locksOf } from "./incident-scenes.js";
import { incidents } from "./incident-table.js";

/** With this node timeout no busy machine counts as slow. */
const patient = fileURLToPath(new URL("fixtures/patient.json", import.meta.url));

afterAll(async () => {
  await endScenes();
  await endAll();
});

const names = ["one", "two", "three"];

/** Addresses are replaced by names, and line breaks by spaces. */
const simplified = (text: string, nodes: readonly string[]): string =>
  nodes
    .map((node) => node.replace(/\/\/[^@]*@/, "//"))
    .reduce((current, node, index) => current.replaceAll(node, names[index] ?? node), text)
    .replace(/\s+/g, " ");

/** "…" stands for any text. */
const pattern = (sentence: string): RegExp =>
  new RegExp(
    sentence
      .split("…")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*"),
  );

const outcomeOf = (locks: Locks): Promise<unknown> =>
  locks.acquire("job").then(
    (lease) => lease.release(),
    (error: unknown) => error,
  );

describe("each incident is answered by acquire, with its defaults, and by the doctor", () => {
  test.concurrent.for(incidents)("$what", async ({ induce, acquire, doctor }, { expect }) => {
    const { nodes, locks = locksOf(nodes) } = await induce();
    const outcome = await outcomeOf(locks);
    if (acquire === "granted") expect(outcome).toBe("released");
    else {
      if (!isHoldfastError(outcome)) throw new Error(`acquire gave ${String(outcome)}`);
      expect(outcome.code).toBe(acquire.code);
      expect(simplified(outcome.message, nodes)).toMatch(pattern(acquire.says));
    }
    const report = await holdfast([
      "doctor",
      "--config",
      patient,
      ...nodes.flatMap((node) => ["--node", node]),
    ]);
    for (const sentence of doctor.says) expect(simplified(report.stdout, nodes)).toMatch(pattern(sentence));
    expect(report).toMatchObject({ code: doctor.exits, stderr: "" });
  });
});
