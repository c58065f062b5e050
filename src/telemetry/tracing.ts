import { ProxyTracerProvider, type Tracer, type TracerProvider } from "@opentelemetry/api";
import { packageVersion } from "../support/version.js";
import { scope } from "./names.js";

/** The tracer, as soon as there is one: until an SDK is registered, a lock pays for one check. */
export class Tracing {
  private found: Tracer | null = null;
  private readonly version = packageVersion();

  constructor(private readonly provider: TracerProvider) {}

  get tracer(): Tracer | null {
    this.found ??= this.findTracer();
    return this.found;
  }

  private findTracer(): Tracer | null {
    const { provider, version } = this;
    return provider instanceof ProxyTracerProvider
      ? (provider.getDelegateTracer(scope, version) ?? null)
      : provider.getTracer(scope, version);
  }
}
