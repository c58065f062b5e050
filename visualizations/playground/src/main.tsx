import { render } from "preact";
import { PageServer } from "./page-server.js";
import { Panel } from "./panel.js";
import { World } from "./world.js";
import "./playground.css";

const world = new World();
new PageServer(world.workers.map(({ manager }) => manager)).install();
// The element is in index.html.
render(<Panel world={world} />, document.getElementById("playground") as HTMLElement);
world.start();
// The inspector's page, which starts when it is loaded, and whose styles come after.
await import("../../inspector/src/main.js");
