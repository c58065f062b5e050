import { ProxyTracerProvider, type Tracer, type TracerProvider } from "@opentelemetry/api";
import { scope } from "./names.js";

/** The tracer, once there is one: until an SDK is registered a lock pays for one look. */
export class Tracing {
  private found: Tracer | null = null;

  constructor(private readonly provider: TracerProvider) {}

  get tracer(): Tracer | null {
    this.found ??= this.look();
    return this.found;
  }

  private look(): Tracer | null {
    const { provider } = this;
    return provider instanceof ProxyTracerProvider
      ? (provider.getDelegateTracer(scope) ?? null)
      : provider.getTracer(scope);
  }
}
