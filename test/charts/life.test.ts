import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../visualizations/charts/${name}`, import.meta.url)), "utf8");

it("the recorded life is acquired, renewed, loses its quorum and expires", () => {
  const { steps } = JSON.parse(read("life.json")) as { steps: { event: string; from: string; to: string }[] };
  const events = steps.map(({ event }) => event).join(" ");
  expect(events).toMatch(/^ACQUIRE GRANTED RENEW RENEWED .*NO_QUORUM .*EXPIRED /);
  for (const [index, { from }] of steps.entries()) if (index > 0) expect(from).toBe(steps[index - 1]!.to);
});

it("its picture shows each step in words, is under 500 px tall, and stands still if the reader wants that", () => {
  const svg = read("life.svg");
  const { steps } = JSON.parse(read("life.json")) as { steps: { event: string }[] };
  expect(svg.match(/class="caption now /g)).toHaveLength(steps.length);
  expect(Number(/height="(\d+)"/.exec(svg)?.[1])).toBeLessThan(500);
  const [, still = ""] = svg.split("@media (prefers-reduced-motion:reduce)");
  expect(still).toContain(".life .now,.life .validity{animation:none}");
  expect(svg).not.toMatch(/<script|href=|<image/);
});
