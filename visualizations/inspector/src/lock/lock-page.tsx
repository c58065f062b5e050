import { plain } from "../../../../src/cli/plain.js";
import { isPermit } from "../../../../src/inspector/feed/lease-kind.js";
import { useInspector } from "../context.js";
import { BackLink } from "../frame/back-link.js";
import { Empty } from "../frame/empty.js";
import { useTitleFocus } from "../frame/use-title-focus.js";
import { hashOf } from "../model/route.js";
import { shownName } from "../model/shown-name.js";
import { LockPanels } from "./lock-panels.js";
import { useLock } from "./use-lock.js";

/** One lock of one process. */
export function LockPage({ id }: { readonly id: string }) {
  const inspector = useInspector();
  const open = useLock(id);
  const { lock } = open;
  const title = useTitleFocus();
  if (lock === null) {
    return (
      <section class="lock-page" aria-label="Lock">
        <BackLink />
        <Empty title="This lock is not there">
          <p>
            It may have been released and not acquired again, or its process has ended. Nothing is known of{" "}
            <code>{plain(id)}</code>.
          </p>
        </Empty>
      </section>
    );
  }
  const prefix = inspector.aggregate.value.current.sources.get(lock.source)?.beat.prefix ?? "";
  return (
    <section class="lock-page" aria-label={`Lock ${shownName(lock)}`} data-lock={id}>
      <BackLink />
      <header class="lock-head">
        <h1 ref={title} tabIndex={-1}>
          {shownName(lock)}
        </h1>
        <p class="muted">
          one lock; who else holds or waits:{" "}
          {lock.resources.map((name) => (
            <a key={name} href={hashOf({ view: "resource", name, prefix, semaphore: isPermit(lock) })}>
              {plain(name)}
            </a>
          ))}
        </p>
      </header>
      <LockPanels {...open} lock={lock} />
    </section>
  );
}
