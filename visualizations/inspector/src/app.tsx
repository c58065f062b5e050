import { useSignalEffect } from "@preact/signals";
import { TimeAxis } from "./axis/time-axis.js";
import { useInspector } from "./context.js";
import { Header } from "./frame/header.js";
import { IncidentsPage } from "./incidents/incidents-page.js";
import { RiskStrip } from "./incidents/risk-strip.js";
import { LocksView } from "./list/locks-view.js";
import { LockPage } from "./lock/lock-page.js";
import { titleOf } from "./model/title.js";
import { NodesPage } from "./nodes/nodes-page.js";
import { ReplayBar } from "./replay/replay-bar.js";

export function App() {
  const inspector = useInspector();
  const route = inspector.route.value;
  useSignalEffect(() => {
    document.title = titleOf(inspector.counts.value, inspector.hello.value?.title);
  });
  return (
    <>
      <div>
        <Header />
        <RiskStrip />
      </div>
      <main class="main" data-view={route.view}>
        {(route.view === "locks" || route.view === "lock") && <LocksView />}
        {route.view === "lock" && <LockPage key={route.id} id={route.id} />}
        {route.view === "nodes" && <NodesPage />}
        {route.view === "incidents" && <IncidentsPage id={route.id ?? null} />}
      </main>
      <footer class="time">
        {inspector.replay.value !== null && <ReplayBar replay={inspector.replay.value} />}
        <TimeAxis />
      </footer>
    </>
  );
}
