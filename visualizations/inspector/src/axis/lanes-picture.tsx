import { useEffect, useState } from "preact/hooks";
import { plain } from "../../../../src/cli/plain.js";
import { useInspector } from "../context.js";
import { hashOf } from "../model/route.js";
import { withPlace } from "../replay/place.js";
import { loadWindow, type Window } from "../replay/window.js";
import { type Block, type Lane, lanesOf } from "./lanes.js";

interface Props {
  readonly from: number;
  readonly to: number;
}

/** A lane for each resource: its holders as blocks, its waiters beneath. */
export function Lanes({ from, to }: Props) {
  const inspector = useInspector();
  const [window, setWindow] = useState<Window | null>(null);
  useEffect(() => {
    let wanted = true;
    loadWindow((from + to) / 2).then(
      (loaded) => wanted && setWindow(loaded),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [from, to]);
  if (window === null) return <p class="muted lanes-note">Loading…</p>;
  const span = { from: Math.max(from, window.from), to: Math.min(to, window.to) };
  const lanes = span.to > span.from ? lanesOf(window.frames, span) : [];
  const isPart = (window.from > from && !window.first) || (window.to < to && !window.last);
  const owners = new Map(
    window.frames.flatMap(({ frame }) =>
      frame.kind === "beat" ? [[frame.source, frame.owner] as const] : [],
    ),
  );
  const ownerOf = (source: string) => plain(owners.get(source) ?? inspector.ownerOf({ source }));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="lanes" aria-label="Lanes" tabIndex={0}>
      {isPart && <p class="muted lanes-note">Only a part is drawn: zoom in for the rest.</p>}
      {lanes.length === 0 && <p class="muted lanes-note">No lock was used in this time.</p>}
      {lanes.map((lane) => (
        <LaneRow key={lane.resource} lane={lane} from={from} to={to} ownerOf={ownerOf} />
      ))}
    </section>
  );
}

interface LaneProps extends Props {
  readonly lane: Lane;
  ownerOf(source: string): string;
}

function LaneRow({ lane, from, to, ownerOf }: LaneProps) {
  const place = (block: Block) => ({
    left: `${((block.from - from) / (to - from)) * 100}%`,
    width: `${((block.to - block.from) / (to - from)) * 100}%`,
  });
  const name = plain(lane.resource);
  return (
    <div class="lane">
      <span class="lane-name" title={name}>
        {name}
      </span>
      <div class="lane-track">
        {lane.holders.map((block) => (
          <a
            key={`${block.lock} ${block.from}`}
            class="block"
            data-band={block.kind}
            style={place(block)}
            href={withPlace(hashOf({ view: "lock", id: block.lock }), block.from)}
            title={`${ownerOf(block.source)}: ${block.kind === "atRisk" ? "no quorum" : block.kind}`}
          >
            {ownerOf(block.source)}
          </a>
        ))}
        {lane.waiters.map((block) => (
          <i
            key={`${block.lock} ${block.from}`}
            class="block waiter"
            data-band={block.kind}
            style={place(block)}
            title={`${ownerOf(block.source)} waits`}
          />
        ))}
      </div>
    </div>
  );
}
