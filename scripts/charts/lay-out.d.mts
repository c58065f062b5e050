import type { ChartLayout } from "../../src/charts/layout.js";
import type { ChartModel } from "../../src/charts/model.js";

/** Where everything of a model goes. `sizes`: what src/charts/metrics.ts has. */
export function layOut(model: ChartModel, sizes: object): Promise<ChartLayout>;
