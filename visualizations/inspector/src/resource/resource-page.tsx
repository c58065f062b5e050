import { plain } from "../../../../src/cli/plain.js";
import { useInspector } from "../context.js";
import { BackLink } from "../frame/back-link.js";
import { Empty } from "../frame/empty.js";
import { useTitleFocus } from "../frame/use-title-focus.js";
import { LockPanels } from "../lock/lock-panels.js";
import { useLock } from "../lock/use-lock.js";
import { Holders } from "./holders.js";
import { KindLabel } from "./kind-label.js";
import { ResourceIncidents } from "./resource-incidents.js";
import { keyOf, type ResourceView, shownLock } from "./resources.js";
import { WaitingLine } from "./waiting-line.js";

interface Props {
  readonly name: string;
  readonly prefix: string;
  readonly semaphore: boolean;
}

/** Who holds a resource, who waits for it in which order, and the life of the lock that matters most. */
export function ResourcePage({ name, prefix, semaphore }: Props) {
  const { resources } = useInspector();
  const key = keyOf(prefix, name, semaphore);
  const view = resources.value.find((one) => one.key === key);
  const lock = view === undefined ? null : shownLock(view);
  const title = useTitleFocus();
  return (
    <section class="lock-page" aria-label={`Resource ${plain(name)}`}>
      <BackLink />
      <header class="lock-head">
        <h1 ref={title} tabIndex={-1}>
          {prefix !== "" && <span class="muted">{plain(prefix)}</span>}
          {plain(name)}
        </h1>
        {view !== undefined && <KindLabel kind={view.kind} />}
      </header>
      {view === undefined || lock === null ? (
        <>
          <Empty title="Nobody holds it, and nobody waits">
            <p>
              No process that publishes its locks has used <code>{plain(name)}</code> within the last seconds.
              It is shown here as soon as one does.
            </p>
          </Empty>
          <ResourceIncidents name={name} prefix={prefix} />
        </>
      ) : (
        <>
          {view.trouble === "overlap" && <Overlap view={view} />}
          <Holders view={view} />
          <div class="resource-panels">
            <WaitingLine view={view} />
            <ResourceIncidents name={name} prefix={prefix} />
          </div>
          <h2 class="shown-lock">{titleOf(view)}</h2>
          <ShownLock key={lock.id} id={lock.id} />
        </>
      )}
    </section>
  );
}

/** Whose lock the page shows. */
function titleOf({ kind, holders, waiters }: ResourceView): string {
  if (holders.length === 0) return waiters.length > 0 ? "Who comes next" : "Who had it last";
  if (kind === "election") return "The leader's lock";
  return holders.length === 1 ? "The holder's lock" : "The lock of the first holder";
}

/** The alarm: what must never be. */
function Overlap({ view: { kind, holders, inUse, permits } }: { readonly view: ResourceView }) {
  const fences = holders.map(({ fence }) => fence ?? 0);
  return (
    <p class="alarm" role="alert">
      {kind === "semaphore" ? (
        <>
          <b>More leases than permits.</b> {inUse} permits are in use, and the semaphore has {permits}.
        </>
      ) : (
        <>
          <b>Two leases at once.</b> {holders.length} processes hold leases of this resource that have not run
          out.
        </>
      )}{" "}
      Either their clocks differ by more than the page can tell, or nodes have lost their memory: check the
      nodes, and let only the lease with the highest fence ({Math.max(...fences) || "none has one"}) write.
    </p>
  );
}

function ShownLock({ id }: { readonly id: string }) {
  const open = useLock(id);
  return open.lock === null ? null : <LockPanels {...open} lock={open.lock} />;
}
