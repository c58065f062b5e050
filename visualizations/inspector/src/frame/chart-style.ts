import { effect } from "@preact/signals";
import { chartStyle } from "../../../../src/charts/style.js";
import { shownTheme } from "../theme.js";

/** The charts' own style, in a sheet that is made by script: the policy allows no style element. */
export function startChartStyle(): void {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  effect(() => sheet.replaceSync(chartStyle(shownTheme())));
}
