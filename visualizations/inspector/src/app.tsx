import { useSignalEffect } from "@preact/signals";
import { TimeAxis } from "./axis/time-axis.js";
import { useInspector } from "./context.js";
import { Announcer } from "./frame/announcer.js";
import { Header } from "./frame/header.js";
import { KeyHelp } from "./frame/key-help.js";
import { StoryStrip } from "./frame/story-strip.js";
import { IncidentsPage } from "./incidents/incidents-page.js";
import { RiskStrip } from "./incidents/risk-strip.js";
import { LocksView } from "./list/locks-view.js";
import { LockPage } from "./lock/lock-page.js";
import { hashOf, isListed } from "./model/route.js";
import { titleOf } from "./model/title.js";
import { NodesPage } from "./nodes/nodes-page.js";
import { ProcessPage } from "./process/process-page.js";
import { ReplayBar } from "./replay/replay-bar.js";
import { ResourcePage } from "./resource/resource-page.js";

export function App() {
  const inspector = useInspector();
  const route = inspector.route.value;
  useSignalEffect(() => {
    document.title = titleOf(inspector.counts.value, inspector.troubles.value, inspector.hello.value?.title);
  });
  return (
    <>
      <Announcer />
      <KeyHelp />
      <div>
        <Header />
        <StoryStrip />
        <RiskStrip />
      </div>
      <main class="main" data-view={route.view} data-connection={inspector.connection.value.kind}>
        {isListed(route) && <LocksView />}
        {route.view === "resource" && (
          <ResourcePage
            key={hashOf(route)}
            name={route.name}
            prefix={route.prefix}
            semaphore={route.semaphore ?? false}
          />
        )}
        {route.view === "lock" && <LockPage key={route.id} id={route.id} />}
        {route.view === "nodes" && <NodesPage />}
        {route.view === "process" && <ProcessPage key={route.source} source={route.source} />}
        {route.view === "incidents" && <IncidentsPage id={route.id ?? null} />}
      </main>
      <footer class="time">
        {inspector.replay.value !== null && <ReplayBar replay={inspector.replay.value} />}
        <TimeAxis />
      </footer>
    </>
  );
}
