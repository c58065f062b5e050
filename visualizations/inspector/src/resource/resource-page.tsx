import { plain } from "../../../../src/cli/plain.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { BackLink } from "../frame/back-link.js";
import { Empty } from "../frame/empty.js";
import { Owner } from "../frame/owner.js";
import { useTitleFocus } from "../frame/use-title-focus.js";
import { Validity } from "../list/validity.js";
import { LockPanels } from "../lock/lock-panels.js";
import { useLock } from "../lock/use-lock.js";
import { formatClock, formatDuration } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { keyOf, type ResourceView, shownLock } from "./resources.js";
import { WaitingLine } from "./waiting-line.js";

interface Props {
  readonly name: string;
  readonly prefix: string;
}

/** Who holds a resource, who waits for it in which order, and the life of the lock that matters most. */
export function ResourcePage({ name, prefix }: Props) {
  const { resources } = useInspector();
  const key = keyOf(prefix, name);
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
      </header>
      {view === undefined || lock === null ? (
        <Empty title="Nobody holds it, and nobody waits">
          <p>
            No process that publishes its locks has used <code>{plain(name)}</code> within the last seconds.
            It is shown here as soon as one does.
          </p>
        </Empty>
      ) : (
        <>
          {view.trouble === "overlap" && <Overlap view={view} />}
          <Holders view={view} />
          <WaitingLine view={view} />
          <h2 class="shown-lock">
            {view.holders.length > 0
              ? "The holder's lock"
              : view.waiters.length > 0
                ? "Who comes next"
                : "Who had it last"}
          </h2>
          <ShownLock key={lock.id} id={lock.id} />
        </>
      )}
    </section>
  );
}

/** The alarm: what must never be. */
function Overlap({ view }: { readonly view: ResourceView }) {
  return (
    <p class="alarm" role="alert">
      <b>Two leases at once.</b> {view.holders.length} processes hold leases of this resource that have not
      run out. Either their clocks differ by more than the page can tell, or nodes have lost their memory:
      check the nodes, and let only the lease with the highest fence (
      {Math.max(...view.holders.map(({ fence }) => fence ?? 0)) || "none has one"}) write.
    </p>
  );
}

function Holders({ view }: { readonly view: ResourceView }) {
  const { holders } = view;
  if (holders.length === 0) {
    return <p class="holder free">Free: nobody holds it.</p>;
  }
  return (
    <div class="holders">
      {holders.map((lock) => (
        <Holder key={lock.id} lock={lock} />
      ))}
    </div>
  );
}

/** "held by api-1 for 3 min 12 s, 41 renewals". */
function Holder({ lock }: { readonly lock: LockView }) {
  const inspector = useInspector();
  const since = lock.granted ?? lock.since;
  const now = inspector.sourceNow(lock.source);
  return (
    <div class="holder" data-at-risk={lock.state === "renewing.retrying"}>
      <p class="holder-line">
        held by{" "}
        <b>
          <Owner source={lock.source} link />
        </b>{" "}
        for <b>{formatDuration(now - since)}</b>, {lock.renewals.toLocaleString("en")}{" "}
        {lock.renewals === 1 ? "renewal" : "renewals"}
      </p>
      <dl class="facts">
        <div>
          <dt>since</dt>
          <dd>{formatClock(since).slice(0, 8)}</dd>
        </div>
        <div>
          <dt>validity left</dt>
          <dd>
            <Validity lock={lock} />
          </dd>
        </div>
        <div>
          <dt>fence</dt>
          <dd>{lock.fence ?? "none"}</dd>
        </div>
        {lock.resources.length > 1 && (
          <div>
            <dt>together with</dt>
            <dd>{lock.resources.length - 1 + (lock.more ?? 0)} more</dd>
          </div>
        )}
        <div>
          <dt>lock</dt>
          <dd>
            <a href={hashOf({ view: "lock", id: lock.id })}>its life</a>
          </dd>
        </div>
      </dl>
    </div>
  );
}

function ShownLock({ id }: { readonly id: string }) {
  const open = useLock(id);
  return open.lock === null ? null : <LockPanels {...open} lock={open.lock} />;
}
