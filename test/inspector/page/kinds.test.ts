import { expect, test } from "vitest";
import { hashOf, parseRoute } from "../../../visualizations/inspector/src/model/route.js";
import { resourcesOf, routeOf } from "../../../visualizations/inspector/src/resource/resources.js";
import { beat, lockView } from "../sample-frames.js";

const now = 5_000;
const of = (...locks: readonly Parameters<typeof lockView>[1][]) =>
  resourcesOf(
    locks.map((changes, index) => lockView(String(index), { resources: ["a"], ...changes })),
    new Map([
      [
        "here",
        { beat: beat("here", { time: now }), receivedAt: now, lag: 0, completeUntil: now, closed: false },
      ],
    ]),
    now,
  );
const waiting = { state: "acquiring.waiting", validUntil: null, granted: null };

test("a resource is of the kind that its locks tell, and a semaphore is apart from a lock of its name", () => {
  const kindsOf = (...locks: Parameters<typeof lockView>[1][]) => of(...locks).map(({ kind }) => kind);
  expect(kindsOf({}, waiting)).toEqual(["lock"]);
  expect(kindsOf({ mode: "shared" }, waiting)).toEqual(["shared"]);
  expect(kindsOf({ terms: 1 }, { ...waiting, terms: 0 })).toEqual(["election"]);
  expect(kindsOf({ permits: 2 }, { permits: 2 }, {})).toEqual(["semaphore", "lock"]);
});

test("permits in use are counted with the weights of the leases, and more than there are is trouble", () => {
  const [view] = of(
    { permits: 3, weight: 2 },
    { permits: 3, state: "releasing" },
    { ...waiting, permits: 3 },
  );
  expect([view?.inUse, view?.permits, view?.trouble]).toEqual([3, 3, null]);
  expect(of({ permits: 3, weight: 2 }, { permits: 3, weight: 2 })[0]?.trouble).toBe("overlap");
});

test("readers are together; a writer beside a reader is trouble; a reader that waits to write holds the lock", () => {
  expect(of({ mode: "shared" }, { mode: "shared", state: "upgrading.waiting" })[0]).toMatchObject({
    trouble: null,
    holders: [{ id: "0" }, { id: "1" }],
  });
  expect(of({ mode: "shared" }, {})[0]?.trouble).toBe("overlap");
});

test("the address of a semaphore is not that of a lock of its name", () => {
  const [semaphore, lock] = of({ permits: 2 }, {});
  const routes = [semaphore, lock].map((view) => routeOf(view!));
  expect(routes.map(hashOf)).toEqual(["#/resource/a?kind=semaphore", "#/resource/a"]);
  expect(routes.map(hashOf).map(parseRoute)).toEqual(routes);
});
