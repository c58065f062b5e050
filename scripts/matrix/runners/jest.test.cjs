// Jest's own timers. Loaded by Jest 29 and 30, in the environments node and jsdom.
const { scenarios } = require("./scenarios.cjs");

const tools = {
  holdfast: require("holdfast"),
  Redlock: require("holdfast/redlock"),
  fake: () => jest.useFakeTimers(),
  restore: () => jest.useRealTimers(),
  advance: (ms) => jest.advanceTimersByTimeAsync(ms),
};
for (const [name, run] of scenarios(tools)) test(name, run);

// Modules that are loaded again, while the timers are fake already.
jest.useFakeTimers();
jest.resetModules();
const loadedLate = { ...tools, holdfast: require("holdfast"), Redlock: require("holdfast/redlock") };
jest.useRealTimers();
describe("loaded under fake timers", () => {
  for (const [name, run] of scenarios(loadedLate)) test(name, run);
});
