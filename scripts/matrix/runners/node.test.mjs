// The mock timers of node:test, which replace Date but neither performance nor the queues.
import { mock, test } from "node:test";
import * as holdfast from "holdfast";
import Redlock from "holdfast/redlock";
import { scenarios } from "./scenarios.cjs";

const { setImmediate } = globalThis;
const settle = () => new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));

const tools = {
  holdfast,
  Redlock,
  fake: () => mock.timers.enable(),
  restore: () => mock.timers.reset(),
  async advance(ms) {
    for (let left = ms; left > 0; left -= 50) {
      mock.timers.tick(Math.min(left, 50));
      await settle();
    }
  },
};
for (const [name, run] of scenarios(tools)) test(name, run);
