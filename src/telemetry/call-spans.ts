import { context, type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Manager } from "../manager/manager.js";
import type { ManagerObserver } from "../manager/observers.js";
import type { AsyncContext } from "../support/async-context.js";
import { attributes } from "./names.js";
import { serverAttributes } from "./server-attributes.js";
import type { Tracing } from "./tracing.js";

/** Maximum number of links of one span: the limit of OpenTelemetry's SDK. */
const maxLinks = 128;

/**
 * Reports each call to a node that serves several callers as a span of its own trace, with a link to the span that is active
 * in each caller. A call for one caller needs none: it is made in the context of that caller.
 */
export class CallSpans implements ManagerObserver {
  constructor(
    private readonly tracing: Tracing,
    private readonly manager: Manager,
  ) {}

  nodeCalled(node: number, callers: readonly AsyncContext[], call: () => void): (() => void) | null {
    const { tracer } = this.tracing;
    const links = tracer === null ? [] : linksOf(callers);
    if (tracer === null || links.length === 0) {
      call();
      return null;
    }
    const name = this.manager.nodes[node]?.name ?? "";
    const span = tracer.startSpan(
      "holdfast.call",
      {
        kind: SpanKind.CLIENT,
        links,
        attributes: {
          ...serverAttributes(name),
          [attributes.node]: name,
          [attributes.operation]: "EVALSHA",
          [attributes.batchSize]: callers.length,
        },
      },
      ROOT_CONTEXT,
    );
    const end = () => span.end();
    try {
      context.with(trace.setSpan(ROOT_CONTEXT, span), call);
    } catch (error) {
      const exception = error instanceof Error ? error : new Error(String(error));
      span.recordException(exception);
      span.setAttribute(attributes.errorType, exception.name);
      span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
      end();
      throw error;
    }
    return end;
  }
}

function linksOf(callers: readonly AsyncContext[]): Link[] {
  const links = new Map<string, Link>();
  for (const caller of callers) {
    const active = caller.runInAsyncScope(() => trace.getSpan(context.active())?.spanContext());
    if (active !== undefined && links.size < maxLinks) links.set(active.spanId, { context: active });
  }
  return [...links.values()];
}
