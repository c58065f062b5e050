import type { ServerResponse } from "node:http";
import type { PrometheusText } from "../../telemetry/prometheus.js";
import { head, refuse } from "./reply.js";
import type { Shown } from "./shown.js";

const packages = "@opentelemetry/api @opentelemetry/sdk-metrics @opentelemetry/exporter-prometheus";

/** Answers requests for metrics. Nothing is counted before the first request, because metrics cost something. */
export class Metrics {
  #exposition: Promise<PrometheusText | null> | undefined;

  constructor(private readonly shown: Shown) {}

  async answer(response: ServerResponse): Promise<void> {
    if (this.shown.metrics === null) {
      return refuse(response, { status: 404, line: "A recording has no metrics." });
    }
    this.#exposition ??= this.shown.metrics();
    const exposition = await this.#exposition;
    if (exposition === null) {
      return refuse(response, {
        status: 501,
        line: `Metrics need packages of yours: npm install ${packages}`,
      });
    }
    const text = await exposition.text();
    head(response, 200, "text/plain; version=0.0.4; charset=utf-8");
    response.end(text);
  }

  async stop(): Promise<void> {
    const exposition = await this.#exposition?.catch(() => null);
    await exposition?.stop();
  }
}
