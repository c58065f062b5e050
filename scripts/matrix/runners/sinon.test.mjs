// Sinon's fake timers: everything, then only some of the functions. Run by Mocha, which keeps the real functions: the reporters
// of node:test call process.nextTick, and print nothing more once it was fake.
import FakeTimers from "@sinonjs/fake-timers";
import * as holdfast from "holdfast";
import Redlock from "holdfast/redlock";
import { describe, it } from "mocha";
import { scenarios } from "./scenarios.cjs";

const timers = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"];
const variants = {
  everything: {},
  "everything, from today's date": { now: Date.now() },
  "timers and Date": { toFake: [...timers, "Date"] },
  "timers and performance": { toFake: [...timers, "performance", "hrtime"] },
};
for (const [variant, config] of Object.entries(variants)) {
  describe(variant, () => {
    let clock;
    const tools = {
      holdfast,
      Redlock,
      fake() {
        clock = FakeTimers.install(config);
      },
      restore: () => clock.uninstall(),
      advance: (ms) => clock.tickAsync(ms),
    };
    for (const [name, run] of scenarios(tools)) it(name, run);
  });
}
