import { type SetUse, setLapse, setPrecision } from "../../engine/protocol/set-record.js";

/** The sets of nodes that use one memory node: what `sets-in-use.lua` does on a server. Times are in ms. */
export class MemorySets {
  private readonly lastUses = new Map<string, number>();

  record(sets: string, former: string, now: number): SetUse[] {
    const { lastUses } = this;
    if (sets !== "") {
      if (now - (lastUses.get(sets) ?? Number.NEGATIVE_INFINITY) >= setPrecision) lastUses.set(sets, now);
      lastUses.delete(former);
    }
    const uses = [...lastUses].map(([sets, last]) => ({ sets, age: now - last }));
    for (const { sets, age } of uses) if (age >= setLapse) lastUses.delete(sets);
    return uses.filter(({ age }) => age < setLapse);
  }
}
