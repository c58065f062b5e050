import type { ComponentChildren } from "preact";
import { plain } from "../../../../src/cli/plain.js";
import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";
import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { isHolding } from "../../../../src/inspector/feed/lease-kind.js";
import { isSilent } from "../../../../src/inspector/feed/silence.js";
import { useInspector } from "../context.js";
import { Empty } from "../frame/empty.js";
import { StateLabel } from "../frame/state-label.js";
import { useTitleFocus } from "../frame/use-title-focus.js";
import { Validity } from "../list/validity.js";
import { Fact } from "../lock/lock-panels.js";
import { formatClock, formatDuration } from "../model/duration.js";
import { hashOf } from "../model/route.js";
import { shownName } from "../model/shown-name.js";
import { runOutState, shownState, topState } from "../model/states.js";
import { useOf } from "../nodes/node-table.js";
import { useNames } from "../nodes/use-names.js";

/** Maximum number of rows of each table. */
const maxRows = 200;

/** One process: its locks, what it waits for, what it lost, and its clock. */
export function ProcessPage({ source }: { readonly source: string }) {
  const { aggregate, heardAt } = useInspector();
  const view = aggregate.value.current.sources.get(source);
  const title = useTitleFocus();
  if (view === undefined) {
    return (
      <section class="process-page" aria-label="Process">
        <h1 ref={title} tabIndex={-1}>
          Process
        </h1>
        <Empty title="This process is not there">
          <p>
            It has ended, or has not been heard for some minutes. Nothing is known of{" "}
            <code>{plain(source)}</code>.
          </p>
        </Empty>
      </section>
    );
  }
  const { current } = aggregate.value;
  const locks = [...current.locks.values()].filter((lock) => lock.source === source);
  const held = locks.filter(({ state }) => isHolding(state));
  const over = held.filter((lock) => shownState(lock, view, heardAt.value) === runOutState).length;
  const waiting = locks.filter(({ state }) => topState(state) === "acquiring");
  const byTime = (time: (lock: LockView) => number) => (a: LockView, b: LockView) => time(a) - time(b);
  held.sort(byTime(({ granted, since }) => granted ?? since));
  waiting.sort(byTime(({ began, since }) => began ?? since));
  const losses = [...current.keptSteps()]
    .filter((step) => step.lock.source === source && step.to === "expired")
    .reverse();
  return (
    <section class="process-page" aria-label={`Process ${plain(view.beat.owner)}`}>
      <h1 ref={title} tabIndex={-1}>
        {plain(view.beat.owner)} <span class="muted">process {view.beat.pid}</span>
      </h1>
      <Facts view={view} />
      <Rows
        id="held"
        title={`Holds ${held.length - over}${over === 0 ? "" : `; ${over} run out`}`}
        heads={["Resource", "Held for", "Validity left", "Renewals"]}
      >
        {held.slice(0, maxRows).map((lock) => (
          <HeldRow key={lock.id} lock={lock} />
        ))}
      </Rows>
      <Rows
        id="waits"
        title={`Waits for ${waiting.length}`}
        heads={["Resource", "Waits for", "Attempts", "Why"]}
      >
        {waiting.slice(0, maxRows).map((lock) => (
          <WaitingRow key={lock.id} lock={lock} />
        ))}
      </Rows>
      <Rows id="losses" title={`Lost ${losses.length}`} heads={["Resource", "When", "Why", "Held for"]}>
        {losses.slice(0, maxRows).map((step) => (
          <LossRow key={`${step.time} ${step.lock.id}`} step={step} />
        ))}
      </Rows>
    </section>
  );
}

function Facts({ view }: { readonly view: SourceView }) {
  const inspector = useInspector();
  const { beat, closed, lag } = view;
  const now = inspector.now.value;
  const silent = isSilent(view, inspector.heardAt.value);
  const { totals } = beat;
  return (
    <dl class="facts">
      <Fact name="heard">
        {closed ? "closed" : `${formatDuration(now - view.receivedAt)} ago`}
        {silent && <span class="badge warn">silent</span>}
      </Fact>
      <Fact name="clock">{clockWords(lag)}</Fact>
      <Fact name="its time">{formatClock(now - lag).slice(0, 8)}</Fact>
      {beat.prefix !== "" && <Fact name="prefix">{plain(beat.prefix)}</Fact>}
      {beat.since !== undefined && <Fact name="counted since">{formatClock(beat.since).slice(0, 8)}</Fact>}
      <Fact name="acquired">{totals.acquired.toLocaleString("en")}</Fact>
      <Fact name="renewed">{totals.renewed.toLocaleString("en")}</Fact>
      <Fact name="failed">{totals.failed.toLocaleString("en")}</Fact>
      <Fact name="quorum lost">{totals.quorumLost.toLocaleString("en")}</Fact>
      <Fact name="expired">{totals.expired.toLocaleString("en")}</Fact>
      {beat.missed > 0 && <Fact name="steps not reported">{beat.missed.toLocaleString("en")}</Fact>}
      <Fact name="nodes">
        <span class="process-nodes">
          {beat.nodes.map((node) => {
            const use = silent ? "unknown" : useOf(node, beat.nodes);
            return (
              <a
                key={node.name}
                href={hashOf({ view: "nodes", source: beat.source, node: node.name })}
                class="node-state"
                data-node-state={use}
                aria-label={`${plain(node.name)}: ${useNames[use]}`}
              >
                <span class="dot" aria-hidden="true" />
                {plain(node.name)}
              </a>
            );
          })}
        </span>
      </Fact>
    </dl>
  );
}

/** The lag includes the way of a frame, which takes milliseconds. */
const clockWords = (lag: number): string => {
  if (Math.abs(lag) < 250) return "agrees with this one";
  return lag > 0 ? `${formatDuration(lag)} behind this one` : `${formatDuration(-lag)} ahead of this one`;
};

interface RowsProps {
  readonly id: string;
  readonly title: string;
  readonly heads: readonly string[];
  readonly children: readonly ComponentChildren[];
}

function Rows({ id, title, heads, children }: RowsProps) {
  return (
    <div class="panel line">
      <h2 id={`${id}-title`}>{title}</h2>
      {children.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard
        <section class="line-scroller" aria-labelledby={`${id}-title`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function Name({ lock }: { readonly lock: LockView }) {
  return (
    <td class="name">
      <a href={hashOf({ view: "lock", id: lock.id })}>{shownName(lock)}</a>
    </td>
  );
}

function HeldRow({ lock }: { readonly lock: LockView }) {
  const now = useInspector().sourceNow(lock.source);
  return (
    <tr>
      <Name lock={lock} />
      <td>{formatDuration(now - (lock.granted ?? lock.since))}</td>
      <td>
        <Validity lock={lock} />
      </td>
      <td>{lock.renewals.toLocaleString("en")}</td>
    </tr>
  );
}

function WaitingRow({ lock }: { readonly lock: LockView }) {
  const now = useInspector().sourceNow(lock.source);
  return (
    <tr>
      <Name lock={lock} />
      <td>{formatDuration(now - (lock.began ?? lock.since))}</td>
      <td>{lock.attempts.toLocaleString("en")}</td>
      <td>{lock.reason === null ? <StateLabel state={lock.state} whole /> : plain(lock.reason)}</td>
    </tr>
  );
}

function LossRow({ step }: { readonly step: Step }) {
  const { lock, time } = step;
  return (
    <tr>
      <Name lock={lock} />
      <td>{formatClock(time).slice(0, 8)}</td>
      <td>{lock.reason === null ? "" : plain(lock.reason)}</td>
      <td>{lock.granted === null ? "–" : formatDuration(time - lock.granted)}</td>
    </tr>
  );
}
