import type { AnyStateMachine } from "xstate";
import { charts } from "../machines/charts.js";
import type { ChartName } from "./layout.js";

/** The machines from which the charts are drawn. */
export const machines: Readonly<Record<ChartName, AnyStateMachine>> = charts;
