import * as charts from "./charts.js";

/**
 * The charts, which need XState. In the package this function loads them when they are first asked for
 * (scripts/build/bundle.mjs), because a program that inspects no lock needs neither them nor XState.
 */
export const loadCharts = (): typeof charts => charts;
