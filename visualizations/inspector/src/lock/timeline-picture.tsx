import type { LockView, Step } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { type BandKind, type MarkKind, timelineOf } from "../model/timeline.js";

/** Past and future that are shown, in ms. */
const past = 60_000;
const ahead = 10_000;
const tickEvery = 10_000;

const bandNames: Record<BandKind, string> = {
  waiting: "waiting",
  held: "held",
  atRisk: "quorum lost",
  releasing: "releasing",
  expired: "expired",
};
/** Drawn higher, because the lock is held. */
const leased: ReadonlySet<BandKind> = new Set(["held", "atRisk"]);

const markNames: Record<MarkKind, string> = {
  asked: "asked, in line",
  granted: "granted",
  renewed: "renewed",
  retry: "retried",
  quorumLost: "no quorum",
  expired: "expired",
  released: "released",
  failed: "failed",
};

const percent = (part: number) => `${(part * 100).toFixed(2)}%`;

/** The last minute of a lock, and how far its lease reaches. */
export function TimelinePicture({
  lock,
  steps,
}: {
  readonly lock: LockView;
  readonly steps: readonly Step[];
}) {
  const now = useInspector().sourceNow(lock.source);
  const from = now - past;
  const at = (time: number) => percent((time - from) / (past + ahead));
  const { bands, marks } = timelineOf(steps, lock, { from, to: now });
  const until = lock.validUntil === null ? now : Math.min(lock.validUntil, now + ahead);
  const ticks = Array.from({ length: past / tickEvery + 1 }, (_, index) => now - past + index * tickEvery);
  const counts = new Map<string, number>();
  for (const { kind } of marks) counts.set(markNames[kind], (counts.get(markNames[kind]) ?? 0) + 1);
  const summary = [...counts].map(([name, many]) => `${many} ${name}`).join(", ") || "nothing";
  const present = [...new Set(bands.map(({ kind }) => kind))];
  return (
    <figure class="timeline">
      <svg
        class="timeline-picture"
        role="img"
        width="100%"
        height="84"
        aria-label={`In the last minute: ${summary}`}
      >
        {ticks.map((tick) => (
          <g key={tick - now} class="tick">
            <line x1={at(tick)} x2={at(tick)} y1="4" y2="62" />
            <text x={at(tick)} y="78" text-anchor={tick === from ? "start" : "middle"}>
              {tick === now ? "now" : `${(tick - now) / 1_000} s`}
            </text>
          </g>
        ))}
        <line class="baseline" x1="0" x2="100%" y1="36" y2="36" />
        {until > now && (
          <rect
            class="lease-ahead"
            x={at(now)}
            width={percent((until - now) / (past + ahead))}
            y="22"
            height="28"
          />
        )}
        {bands.map((band) => (
          <rect
            key={`${band.kind} ${band.from}`}
            class="band"
            data-band={band.kind}
            x={at(band.from)}
            width={percent((band.to - band.from) / (past + ahead))}
            y={leased.has(band.kind) ? "22" : "28"}
            height={leased.has(band.kind) ? "28" : "16"}
          >
            <title>{bandNames[band.kind]}</title>
          </rect>
        ))}
        {marks.map(({ kind, time }) => (
          <line
            key={`${kind} ${time}`}
            class="mark"
            data-mark={kind}
            x1={at(time)}
            x2={at(time)}
            y1={kind === "asked" ? "33" : "14"}
            y2={kind === "asked" ? "39" : "58"}
          >
            <title>{markNames[kind]}</title>
          </line>
        ))}
        <line class="now" x1={at(now)} x2={at(now)} y1="6" y2="62" />
      </svg>
      <figcaption class="legend">
        {present.map((kind) => (
          <span key={kind}>
            <i data-band={kind} aria-hidden="true" />
            {bandNames[kind]}
          </span>
        ))}
        {[...counts].map(([name, many]) => (
          <span key={name} class="muted">
            {many} × {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
