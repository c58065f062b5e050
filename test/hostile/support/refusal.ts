import { inspect } from "node:util";
import type fc from "fast-check";
import { InvalidOptionError, isHoldfastError } from "../../../src/index.js";
import { secret } from "./odd-values.js";
import { bounded, holds, manyRuns } from "./property.js";

/** Longer than any message needs to be; what was given may be far longer. */
const longestMessage = 1_200;
/** The same with the stack, and with what inspection shows of it. */
const longestText = 8_000;

/** One public call, and the inputs that it must refuse. */
export interface BadCall<Stage> {
  /** What of the public interface it covers: "locks.acquire". */
  readonly covers: string;
  /** What is bad, where a call has several lines. */
  readonly what?: string;
  readonly inputs: fc.Arbitrary<readonly unknown[]>;
  readonly call: (stage: Stage, input: readonly never[]) => unknown;
  /** What else it may answer with, because its interface has always promised that. */
  readonly promised?: RegExp;
}

/** What a call threw, or its promise rejected with. */
async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    const value = await bounded(Promise.resolve(call()));
    return new Error(`it was not refused, but gave ${inspect(value, { depth: 1 }).slice(0, 200)}`);
  } catch (error) {
    return error;
  }
}

/** A typed error: which option, what is allowed; short, and without secrets. */
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
  if (error.message.length > longestMessage)
    throw new Error(`a message of ${error.message.length} characters`);
  const shown = `${inspect(error, { depth: 6, showHidden: true })}\n${JSON.stringify(error)}`;
  if (shown.length > longestText) throw new Error(`it is shown in ${shown.length} characters`);
  if (shown.includes(secret)) throw new Error(`it shows a secret: ${error.message}`);
}

const prototypes = [Object, Array, Function, String, Number, Error, Promise, Map].map(
  ({ prototype }) => prototype,
);
const shapeOf = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).length).join();

/**
 * Tries `call` with many bad inputs. Each must be answered by a typed error; together they must leave no stray
 * rejection, no changed prototype, and no request at the stage's nodes.
 */
export async function refusesAll<Stage extends { readonly asked: number }>(
  { inputs, call, promised }: BadCall<Stage>,
  stage: Stage,
): Promise<void> {
  const before = { asked: stage.asked, shape: shapeOf() };
  const strays: unknown[] = [];
  const note = (error: unknown) => strays.push(error);
  process.on("unhandledRejection", note);
  try {
    await holds(
      inputs,
      async (input) => {
        checkRefusal(await refusalOf(() => call(stage, input as readonly never[])), promised);
        if (stage.asked !== before.asked) throw new Error("a node was asked");
      },
      manyRuns,
    );
    // A rejection is told of after the microtasks of its turn.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", note);
  }
  if (strays.length > 0)
    throw new Error(`${strays.length} stray rejections, the first: ${inspect(strays[0])}`);
  if (stage.asked !== before.asked) throw new Error("a node was asked later");
  if (shapeOf() !== before.shape) throw new Error("a prototype was changed");
}
