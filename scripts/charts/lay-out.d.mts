import type { ChartLayout } from "../../src/charts/layout.js";
import type { ChartModel } from "../../src/charts/model.js";

/** Computes the layout of a model. `sizes`: the exports of src/charts/metrics.ts. */
export function layOut(model: ChartModel, sizes: object): Promise<ChartLayout>;
