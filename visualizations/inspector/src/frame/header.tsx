import { useInspector } from "../context.js";
import { hashOf } from "../model/route.js";
import { ConnectionStatus } from "./connection-status.js";
import { KeyHelpButton } from "./key-help.js";
import { NodeDots } from "./node-dots.js";
import { ThemeToggle } from "./theme-toggle.js";
import { TotalsLine } from "./totals-line.js";

export function Header() {
  const { hello, route, incidents } = useInspector();
  const { view } = route.value;
  const current = (...views: readonly (typeof view)[]) => (views.includes(view) ? "page" : undefined);
  return (
    <header class="header">
      <a class="brand" href={hashOf({ view: "locks" })}>
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
          <rect width="32" height="32" rx="8" class="brand-ground" />
          <path d="M10 7v18M22 7v18M10 16h12" class="brand-line" />
        </svg>
        <span>Holdfast</span>
      </a>
      <nav class="tabs" aria-label="Views">
        <a href={hashOf({ view: "locks" })} aria-current={current("locks", "resource", "lock")}>
          Locks
        </a>
        <a href={hashOf({ view: "nodes" })} aria-current={current("nodes", "process")}>
          Nodes
        </a>
        <a href={hashOf({ view: "incidents" })} aria-current={current("incidents")}>
          Incidents
          {incidents.value.length > 0 && <span class="count"> {incidents.value.length}</span>}
        </a>
      </nav>
      <span class="subject" title={hello.value?.title}>
        {hello.value?.title}
      </span>
      <NodeDots />
      <TotalsLine />
      <ConnectionStatus />
      <KeyHelpButton />
      <ThemeToggle />
    </header>
  );
}
