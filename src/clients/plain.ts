import { isLuaFault, LastingError, lastingRefusal } from "../engine/protocol/refusal.js";
import { LostError } from "./failure.js";
import { type EvalClient, type EvalForm, evalForms } from "./plain-eval.js";
import { findEvalForm } from "./plain-examination.js";
import type { ScriptCall, ScriptClient, ScriptConnection } from "./script-client.js";

/**
 * ms after which a call counts as lost. A plain client cannot report that its connection is gone, and may never settle
 * the calls on it: then a release would never be repeated, and the node's call would stay pending forever.
 */
export const lostAfter = 10_000;
/** The same for the calls of an examination. */
const examinedWithin = 1_000;

/**
 * A plain client reports nothing about its connection: the connection always counts as ready, and the keyspace is
 * unknown.
 */
export class PlainScriptClient implements ScriptClient {
  readonly keyspace = null;
  /** It is unknown when the client writes. */
  readonly writesLater = true;
  readonly connection = "ready";
  /** The client may use another connection for each call. */
  readonly opaque = true;
  readonly #connection: ScriptConnection;

  /** `form`: how the client expects the arguments of a script, as far as known; see {@link examine}. */
  constructor(
    private readonly client: EvalClient,
    readonly name: string,
    private form: EvalForm = evalForms[0],
  ) {
    this.#connection = {
      ready: true,
      evalsha: this.#known(form),
      eval: (script, keys, args) => this.#eval(this.form, script, keys, args),
    };
  }

  watch(): () => void {
    return () => {};
  }

  route(): ScriptConnection {
    return this.#connection;
  }

  /**
   * Clients agree neither on the arguments of `eval` nor on its reply. The first call has no effect if it is made in the
   * wrong form, because its first key is no number of keys.
   */
  async examine(): Promise<boolean> {
    const known = this.form;
    const { form, fault } = await findEvalForm(known, (tried, script, keys, args) =>
      this.#eval(tried, script, keys, args, examinedWithin),
    );
    if (fault !== undefined) {
      const isRefusal = lastingRefusal(fault) || isLuaFault(fault);
      throw new LastingError(fault, isRefusal ? "refused" : "garbage");
    }
    this.form = form;
    return form !== known;
  }

  #known({ callKnown }: EvalForm): ScriptCall | null {
    if (callKnown === undefined) return null;
    return (sha, keys, args) => bounded(async () => callKnown(this.client, sha, keys, args), lostAfter);
  }

  #eval(
    form: EvalForm,
    script: string,
    keys: readonly string[],
    args: readonly string[],
    within = lostAfter,
  ): Promise<unknown> {
    return bounded(async () => form.call(this.client, script, keys, args), within);
  }
}

function bounded<T>(call: () => Promise<T>, within: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new LostError(`no answer within ${within / 1_000} s: treated as lost`));
    const timer = setTimeout(lost, within);
    // In some environments a timer is a number.
    (timer as { unref?: () => void }).unref?.();
    call()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
