import { render } from "preact";
import { App } from "./app.js";
import { InspectorContext } from "./context.js";
import { startChartStyle } from "./frame/chart-style.js";
import { Inspector } from "./inspector.js";
import { startKeys } from "./keys.js";
import { startTheme } from "./theme.js";
import "./style/index.css";

const inspector = new Inspector();
startTheme();
startChartStyle();
startKeys(inspector);
inspector.start();
render(
  <InspectorContext.Provider value={inspector}>
    <App />
  </InspectorContext.Provider>,
  // The element is in index.html.
  document.getElementById("app") as HTMLElement,
);
