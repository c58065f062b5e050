/** The method by which Node.js, Bun and Deno let an object say what they print of it. */
const inspectKey: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** An object that is printed as what its JSON has: the rest is private. */
export abstract class Printed {
  abstract toJSON(): object;

  [inspectKey](): object {
    return Object.fromEntries(Object.entries(this.toJSON()).filter(([, value]) => value !== undefined));
  }
}
