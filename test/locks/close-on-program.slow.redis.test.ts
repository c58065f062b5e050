import { describe, expect, it } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { type Child, runFixture } from "./child.js";
import { countKeys, uniqueName } from "./support.js";

const shared = sharedServers().slice(0, 3);

/** Starts a program that has locks with `closeOn`, and waits until it is ready for the signal. */
async function started(program: string): Promise<{ child: Child; keysLeft: () => Promise<number> }> {
  const prefix = uniqueName();
  const child = runFixture("close-on-program", [program, prefix, ...shared.map(({ port }) => String(port))]);
  await child.said("ready");
  const keysLeft = async () =>
    (await countKeys(shared, `${prefix}a`)) + (await countKeys(shared, `${prefix}b`));
  return { child, keysLeft };
}

describe("a signal that the program sends itself again ends the process, once the locks have closed", () => {
  it.each([
    ["after it has closed the locks", "byHand", "SIGTERM"],
    ["at once", "atOnce", "SIGTERM"],
    ["as another signal", "another", "SIGINT"],
    ["after it has closed one of two managers", "several", "SIGTERM"],
  ])("%s", async (_when, program, signal) => {
    const { child, keysLeft } = await started(program);
    child.kill("SIGTERM");
    expect(await child.ended).toMatchObject({ code: null, signal, stderr: "" });
    expect(await keysLeft()).toBe(0);
  });

  it("but a listener that stays gets every signal, and the process goes on", async () => {
    const { child } = await started("listening");
    for (let count = 1; count <= 3; count += 1) {
      child.kill("SIGTERM");
      await child.said("handled", count);
    }
    child.tell("end");
    expect(await child.ended).toMatchObject({ code: 7, signal: null });
  });
});

describe("an error that closing on a signal caused, and that nobody catches", () => {
  it.each([
    ["of an acquisition that waits", "waiting"],
    ["of a job that obeys its signal", "aborted"],
    ["of an acquisition that comes too late, or of assertHeld", "floating"],
  ])("%s leaves the end of the process to the signal", async (_what, program) => {
    const { child, keysLeft } = await started(program);
    child.kill("SIGTERM");
    expect(await child.ended).toMatchObject({ code: null, signal: "SIGTERM", stderr: "", lines: ["ready"] });
    expect(await keysLeft()).toBe(0);
  });

  it("reaches the program's listener for uncaught errors, with the name of the resource", async () => {
    const { child } = await started("logged");
    child.kill("SIGTERM");
    const { code, lines } = await child.ended;
    expect({ code, lines }).toEqual({
      code: 3,
      lines: ["ready", expect.stringMatching(/^ManagerClosedError: "a" was given up, /)],
    });
  });

  it("does not hide an error of the program", async () => {
    const { child } = await started("bug");
    child.kill("SIGTERM");
    const { code, stderr } = await child.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("RangeError: a bug of the program");
  });
});
