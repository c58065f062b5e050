import type { Request } from "../engine/node/lock-node.js";
import { messageOf } from "../engine/protocol/error-message.js";
import { type Failed, failed, oneOfCluster } from "../engine/protocol/refusal.js";
import type { ConnectionReplacer } from "./connection-replacer.js";
import { failureOf, serverCode } from "./failure.js";
import { maxRedirections, type Redirections } from "./redirections.js";
import { splittable, tooBig } from "./request-groups.js";
import { answerAll, stillWanted } from "./request-replies.js";
import { forgetScript } from "./script-cache.js";
import type { ScriptConnection } from "./script-client.js";
import type { Sharding } from "./sharding.js";
import { renewsMany, singleRenewals } from "./single-renewals.js";
import { hasQueue, sendKeyByKey, tryAgain } from "./slot-migration.js";

const evalForbidden = /'eval'/i;

/** How often a call is sent again at most, whatever the server answers. */
const maxRepeats = 10;

const isSplittable = (requests: readonly Request[]): boolean =>
  requests.length > 1 || requests.some(renewsMany);

/** Commands that are sent as one call. */
export interface Call {
  readonly mark: string | null;
  readonly requests: readonly Request[];
  readonly to: ScriptConnection;
  /** Send the whole script, because the server does not have it. */
  readonly whole: boolean;
  /** Leave the queues out, because the server's access list forbids them. */
  readonly queueless: boolean;
  /** Leave the queues out of this call, because their slot is being moved. */
  readonly migrating: boolean;
  readonly redirections: number;
  /** How often the call was sent before. */
  readonly repeats: number;
}

/** Sends calls to one node. */
export interface CallSender {
  /** An access list forbids the queues, and so every call that names a queue key. */
  readonly queueless: boolean;
  call(call: Call): void;
  /** Sends requests to the server that has their keys. */
  send(mark: string | null, requests: readonly Request[], migrating?: boolean): void;
}

/** Sends requests again that were refused without effect: in order, and only those still wanted. */
export class CallRecovery {
  constructor(
    private readonly sender: CallSender,
    private readonly sharding: Sharding,
    private readonly replacer: ConnectionReplacer,
    private readonly redirections: Redirections,
  ) {}

  /** Handles the error of a call. `sentWhole`: the call carried the script. */
  recover(call: Call, error: unknown, sentWhole: boolean): void {
    this.#recover(call, error, sentWhole).catch((next: unknown) => answerAll(call.requests, failureOf(next)));
  }

  async #recover(call: Call, error: unknown, sentWhole: boolean): Promise<void> {
    const { requests, to } = call;
    const { sender } = this;
    const { active, byClient } = this.sharding;
    const code = serverCode(error);
    this.replacer.noteRefusal(messageOf(error));
    if (code === "NOSCRIPT" && !sentWhole) {
      return this.#repeat({ ...call, requests: stillWanted(requests), whole: true }, error);
    }
    // The server may know the script already, and forbid only EVAL. A client without EVALSHA would send EVAL again.
    const wasOptional = sentWhole && !call.whole && to.evalsha !== null;
    if (code === "NOPERM" && wasOptional && evalForbidden.test(messageOf(error))) {
      return this.#repeat({ ...call, requests: stillWanted(requests) }, error);
    }
    // The server may not have received the script, or may have refused the call before reading it.
    forgetScript(to);
    const redirections = call.redirections + 1;
    const key = requests[0]?.command.keys[0] ?? "";
    if (code === "MOVED" && byClient && redirections <= maxRedirections) {
      const owner = await this.redirections.newOwner(error, key);
      return this.#repeat({ ...call, requests: stillWanted(requests), to: owner, redirections }, error);
    }
    if (code === "NOPERM" && !call.queueless && requests.some(hasQueue)) {
      const kept = stillWanted(requests);
      // Only the same requests, repeated without queues, prove that the queues were the cause.
      return this.#repeat({ ...call, requests: kept, queueless: kept.length === requests.length }, error);
    }
    if (isSplittable(requests) && (splittable.has(code) || tooBig.test(messageOf(error)))) {
      const { queueless } = sender;
      const wanted = stillWanted(requests);
      const single = requests.length > 1 ? wanted : wanted.flatMap(singleRenewals);
      for (const request of single) this.#repeat({ ...call, requests: [request], queueless }, error);
      return;
    }
    if (code === "TRYAGAIN" && active) return this.#sendFewerKeys(call, messageOf(error));
    if (code === "ASK" && byClient && redirections <= maxRedirections) {
      const importing = await this.redirections.importer(error);
      const kept = stillWanted(requests);
      if (kept.length > 0 && importing.ready) importing.asking?.();
      // ASKING permits one call only: a NOSCRIPT reply would waste it, so the whole script is sent.
      return this.#repeat({ ...call, requests: kept, to: importing, whole: true, redirections }, error);
    }
    answerAll(requests, this.#failureOf(error, code));
  }

  #failureOf(error: unknown, code: string): Failed {
    const { active, byClient, soleMaster } = this.sharding;
    const leadsElsewhere = active && !byClient && (code === "MOVED" || code === "ASK");
    // The only master may have failed over, or begun to share its slots.
    return leadsElsewhere ? failed("refused", oneOfCluster(messageOf(error)), !soleMaster) : failureOf(error);
  }

  /** `error`: why the call is sent again. */
  #repeat(call: Call, error: unknown): void {
    if (call.repeats >= maxRepeats) return answerAll(call.requests, failureOf(error));
    this.sender.call({ ...call, repeats: call.repeats + 1 });
  }

  /** Retries single requests in a slot that is being moved: first without the queue, then one key at a time. */
  #sendFewerKeys(call: Call, message: string): void {
    const { sender } = this;
    for (const request of stillWanted(call.requests)) {
      if (!call.migrating && !call.queueless && hasQueue(request)) sender.send(call.mark, [request], true);
      else if (!sendKeyByKey(request, (one) => sender.send(call.mark, [one]))) {
        request.answered(tryAgain(message));
      }
    }
  }
}
