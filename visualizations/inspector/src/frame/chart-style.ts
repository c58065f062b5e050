import { effect } from "@preact/signals";
import { chartStyle, overviewStyle } from "../../../../src/charts/style.js";
import { shownTheme } from "../theme.js";

/**
 * Adds the charts' style in a style sheet that a script creates, because the content security policy allows no style
 * element.
 */
export function startChartStyle(): void {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  effect(() => sheet.replaceSync(chartStyle(shownTheme()) + overviewStyle(shownTheme())));
}
