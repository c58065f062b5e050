import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { systemClock } from "../engine/time/system-clock.js";
import { noteTrace } from "../lock/lock-traces.js";
import type { ObservedLock } from "../lock/observed-lock.js";
import type { FailureEvent, LockMachineEvent, LossEvent, RefusalEvent } from "../machines/lock-events.js";
import type { ManagerObserver } from "../manager/observers.js";
import { errorTypeOf } from "./error-type.js";
import { attributes } from "./names.js";
import { exceptionOf, lockAttributes, voteAttributes } from "./span-attributes.js";
import type { Tracing } from "./tracing.js";

/** The spans of one acquisition, and of the lease that it led to. */
interface LockTrace {
  /** The attributes that all spans have. */
  readonly common: Attributes;
  /** The parent of the span of the hold. */
  parent: Context;
  /** The span of the acquisition, later that of the hold. */
  span: Span;
  /** The span of a renewal or of the release. */
  request: Span | null;
}

/**
 * Reports one manager's locks as spans: the acquisition as a child of the span that was active at its start; the hold
 * next to it; renewals and the release as children of the hold. An acquisition that is not sampled has none of them.
 */
export class LockSpans implements ManagerObserver {
  private readonly traces = new WeakMap<ObservedLock, LockTrace>();

  constructor(private readonly tracing: Tracing) {}

  lockStepped(lock: ObservedLock, event: LockMachineEvent, from: string): void {
    if (event.type === "ACQUIRE") return this.begin(lock);
    const trail = this.traces.get(lock);
    if (trail === undefined) return;
    switch (event.type) {
      case "DENIED":
      case "TOO_SLOW":
        return this.failAttempt(lock, trail, event);
      case "NO_QUORUM":
        if (from.startsWith("acquiring")) return this.failAttempt(lock, trail, event);
        return this.loseQuorum(lock, trail, event);
      case "GRANTED":
        trail.span.setAttributes(voteAttributes(event.votes));
        return this.hold(lock, trail);
      case "RENEW":
        trail.request = this.request(lock, trail, "holdfast.renew");
        return;
      case "RENEWED":
        trail.request?.setAttributes(voteAttributes(event.votes));
        return this.endRequest(lock, trail);
      case "UPGRADED":
        trail.span.setAttribute("holdfast.lock.mode", "exclusive");
        return;
      case "RELEASE":
        // The outcome of a renewal that is under way does not matter any more.
        this.endRequest(lock, trail);
        trail.request = this.request(lock, trail, "holdfast.release");
        return;
      case "RELEASED":
        trail.request?.setAttributes(voteAttributes(event.votes));
        return this.end(lock, trail, "released");
      case "HAND_OVER":
        return this.end(lock, trail, "handedOver");
      case "LOST":
      case "EXPIRED":
        return this.lose(lock, trail, event, from === "releasing");
    }
  }

  lockFailed(lock: ObservedLock, event: FailureEvent, error: unknown): void {
    const trail = this.traces.get(lock);
    if (trail === undefined) return;
    const { span } = trail;
    const exception = exceptionOf(error);
    const reason = "reason" in event ? event.reason : lock.context.reason;
    if ("votes" in event) span.setAttributes(voteAttributes(event.votes));
    span.setAttributes({
      [attributes.errorType]: errorTypeOf(event, error),
      "holdfast.attempts": lock.context.attempt,
      ...(reason === null ? {} : { [attributes.reason]: reason }),
    });
    span.recordException(exception, timeOf(lock));
    span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
    span.end(timeOf(lock));
    this.traces.delete(lock);
  }

  /** Ends the open spans of a lock, with what is known so far. */
  end(
    lock: ObservedLock,
    trail = this.traces.get(lock),
    outcome?: "released" | "expired" | "handedOver",
  ): void {
    if (trail === undefined) return;
    this.endRequest(lock, trail);
    if (outcome !== undefined) trail.span.setAttribute(attributes.outcome, outcome);
    trail.span.end(timeOf(lock));
    this.traces.delete(lock);
  }

  private begin(lock: ObservedLock): void {
    const { tracer } = this.tracing;
    if (tracer === null) return;
    const active = context.active();
    const common = lockAttributes(lock);
    const span = tracer.startSpan(
      "holdfast.acquire",
      optionsOf(lock, SpanKind.CLIENT, { ...common }),
      active,
    );
    if (!span.isRecording()) return;
    noteTrace(lock, span.spanContext().traceId);
    // Without an active span the hold would be in a trace of its own.
    const parent = trace.getSpan(active) === undefined ? trace.setSpan(active, span) : active;
    this.traces.set(lock, { common, parent, span, request: null });
  }

  private hold(lock: ObservedLock, trail: LockTrace): void {
    const { span: acquire, parent } = trail;
    acquire.setAttribute("holdfast.attempts", lock.context.attempt);
    acquire.end(timeOf(lock));
    const grant = lock.leaseState?.grant;
    const details: Attributes = { ...trail.common };
    if (grant !== undefined) details["holdfast.lock.ttl"] = grant.ttl / 1_000;
    if (grant?.fence !== undefined) details["holdfast.lock.fence"] = grant.fence;
    const options = optionsOf(lock, SpanKind.INTERNAL, details);
    options.links = [{ context: acquire.spanContext() }];
    const span = this.tracing.tracer?.startSpan("holdfast.hold", options, parent);
    if (span === undefined) return;
    trail.span = span;
  }

  private request(lock: ObservedLock, { common, parent, span }: LockTrace, name: string): Span | null {
    const options = optionsOf(lock, SpanKind.CLIENT, { ...common });
    return this.tracing.tracer?.startSpan(name, options, trace.setSpan(parent, span)) ?? null;
  }

  private endRequest(lock: ObservedLock, trail: LockTrace): void {
    trail.request?.end(timeOf(lock));
    trail.request = null;
  }

  private failAttempt(lock: ObservedLock, { span }: LockTrace, event: RefusalEvent): void {
    const delay = lock.retryDelay;
    span.addEvent(
      "holdfast.retry",
      {
        "holdfast.attempt": lock.context.attempt,
        [attributes.reason]: event.reason,
        ...(delay === null ? {} : { "holdfast.retry.delay": delay / 1_000 }),
        ...voteAttributes(event.votes),
      },
      timeOf(lock),
    );
  }

  private loseQuorum(lock: ObservedLock, trail: LockTrace, event: RefusalEvent): void {
    const votes = voteAttributes(event.votes);
    const remaining = Math.max(0, lock.leaseState?.left() ?? 0) / 1_000;
    trail.request?.setAttributes({
      ...votes,
      [attributes.reason]: event.reason,
      [attributes.errorType]: "QUORUM_UNAVAILABLE",
    });
    trail.request?.setStatus({ code: SpanStatusCode.ERROR, message: "no quorum" });
    this.endRequest(lock, trail);
    const details = { ...votes, "holdfast.lock.remaining": remaining };
    trail.span.addEvent("holdfast.quorum_lost", details, timeOf(lock));
  }

  private lose(lock: ObservedLock, trail: LockTrace, { reason }: LossEvent, released: boolean): void {
    const lost = { code: SpanStatusCode.ERROR, message: `the lease is over: ${reason}` };
    trail.request?.setStatus(lost);
    trail.request?.setAttribute(attributes.errorType, lostType);
    trail.span.setAttribute(attributes.reason, reason);
    // A holder that has asked for the release has nothing left to lose.
    if (!released) trail.span.setStatus(lost).setAttribute(attributes.errorType, lostType);
    this.end(lock, trail, "expired");
  }
}

/** The code of the error that a lost lease's signal aborts with. */
const lostType = "LEASE_EXPIRED";

/** The SDK's own time is finer than the system clock's; with another clock, spans use the time of that clock. */
const timeOf = ({ manager: { clock } }: ObservedLock): number | undefined =>
  clock === systemClock ? undefined : clock.wall();

function optionsOf(lock: ObservedLock, kind: SpanKind, attributes: Attributes): SpanOptions {
  const startTime = timeOf(lock);
  return startTime === undefined ? { kind, attributes } : { kind, attributes, startTime };
}
