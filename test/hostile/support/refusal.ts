import { inspect } from "node:util";
import type fc from "fast-check";
import { InvalidOptionError, isHoldfastError } from "../../../src/index.js";
import { secret } from "./odd-values.js";
import { bounded, holds, manyRuns } from "./property.js";

/** Maximum length of a message, although the invalid value may be far longer. */
const maxMessageLength = 1_200;
/** Maximum length of an inspected error, including its stack. */
const maxInspectionLength = 8_000;

/** A public call, and the inputs that it must reject. */
export interface BadCall<Subjects> {
  /** The member of the public API that it covers, such as "locks.acquire". */
  readonly covers: string;
  /** What is invalid, if there are several entries for the call. */
  readonly what?: string;
  readonly inputs: fc.Arbitrary<readonly unknown[]>;
  readonly call: (subjects: Subjects, input: readonly never[]) => unknown;
  /** Other messages that are allowed, because the original API has them. */
  readonly promised?: RegExp;
}

/** Returns what a call threw, or what its promise rejected with. */
async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    const value = await bounded(Promise.resolve(call()));
    return new Error(`it was not rejected, but returned ${inspect(value, { depth: 1 }).slice(0, 200)}`);
  } catch (error) {
    return error;
  }
}

/** Checks that an error is typed, names the option and what is allowed, is short, and contains no secrets. */
function checkRefusal(error: unknown, promised: RegExp | undefined): void {
  if (!(error instanceof Error)) throw new Error(`not an error: ${inspect(error).slice(0, 200)}`);
  if (promised === undefined || !promised.test(error.message)) {
    if (!isHoldfastError(error, "INVALID_OPTION") || !(error instanceof InvalidOptionError)) {
      throw new Error(`not a typed error: ${inspect(error).slice(0, 1_000)}`, { cause: error });
    }
    const { option, allowed } = error;
    if (typeof option !== "string") throw new Error("it names no option");
    if (allowed === "" || !error.message.includes(allowed))
      throw new Error("it does not say what is allowed");
  }
  if (error.message.length > maxMessageLength)
    throw new Error(`a message of ${error.message.length} characters`);
  const shown = `${inspect(error, { depth: 6, showHidden: true })}\n${JSON.stringify(error)}`;
  if (shown.length > maxInspectionLength) throw new Error(`it is shown in ${shown.length} characters`);
  if (shown.includes(secret)) throw new Error(`it shows a secret: ${error.message}`);
}

const prototypes = [Object, Array, Function, String, Number, Error, Promise, Map].map(
  ({ prototype }) => prototype,
);
const shapeOf = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).length).join();

/**
 * Tries `call` with many invalid inputs. Each must result in a typed error. They must cause no unhandled rejection, no
 * changed prototype, and no request to the nodes.
 */
export async function refusesAll<Subjects extends { readonly asked: number }>(
  { inputs, call, promised }: BadCall<Subjects>,
  subjects: Subjects,
): Promise<void> {
  const before = { asked: subjects.asked, shape: shapeOf() };
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  try {
    await holds(
      inputs,
      async (input) => {
        checkRefusal(await refusalOf(() => call(subjects, input as readonly never[])), promised);
        if (subjects.asked !== before.asked) throw new Error("a node was asked");
      },
      manyRuns,
    );
    // Unhandled rejections are reported after the microtasks of the tick.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", note);
  }
  if (unhandled.length > 0)
    throw new Error(`${unhandled.length} unhandled rejections, the first: ${inspect(unhandled[0])}`);
  if (subjects.asked !== before.asked) throw new Error("a node was asked later");
  if (shapeOf() !== before.shape) throw new Error("a prototype was changed");
}
