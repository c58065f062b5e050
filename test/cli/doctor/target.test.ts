import { expect, test } from "vitest";
import { readTarget } from "../../../src/cli/doctor/target.js";

test.each([
  ["redis://host", { host: "host", port: 6379, tls: false, database: 0, credentials: null }],
  ["rediss://host:6380/3", { host: "host", port: 6380, tls: true, database: 3, credentials: null }],
  ["redis://:pass%2Fword@host", { credentials: ["pass/word"] }],
  ["redis://user:password@host", { credentials: ["user", "password"] }],
  ["redis://host?family=6&db=1", { host: "host", family: 6, database: 1 }],
  ["redis://[::1]:7000", { host: "::1", port: 7000 }],
])("%s", (address, expected) => {
  expect(readTarget(address)).toMatchObject(expected);
});

test("its name excludes user and password", () => {
  expect(readTarget("redis://user:hidden-word@host:7000/1").name).toBe("redis://host:7000/1");
});

test.each(["redis://host/one", "redis://host?tls=1", "redis://u:hidden%@host"])(
  "%s is refused",
  (address) => {
    expect(() => readTarget(address)).toThrow(expect.not.stringContaining("hidden"));
  },
);
