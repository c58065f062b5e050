import { describe, expect, it } from "vitest";
import { createMachine } from "xstate";
import { machines } from "../../src/charts/machines.js";
import { modelOf } from "../../src/charts/model.js";
import { statelyOf } from "../../src/charts/stately.js";
import { describedBy } from "./support/described.js";
import { everyKind } from "./support/every-kind.js";
import { stepsOf } from "./support/steps.js";

describe.each(Object.entries({ ...machines, "machine with every kind of transition": everyKind }))(
  "the JSON of the %s",
  (_, machine) => {
    const json = JSON.stringify(statelyOf(modelOf(machine)));
    const again = createMachine(JSON.parse(json));

    it("is a machine again, with the same states, transitions and entry actions", () => {
      expect(describedBy(again)).toEqual(describedBy(machine));
      expect(modelOf(again)).toEqual(modelOf(machine));
    });

    it("takes the same transitions in every state, on every event, whatever the guards return", () => {
      expect(stepsOf(again)).toEqual(stepsOf(machine));
      expect(stepsOf(again).length).toBeGreaterThan(0);
    });
  },
);
