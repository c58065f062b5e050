import { readFileSync } from "node:fs";

const file = new URL("../../visualizations/charts/life.json", import.meta.url);

/** Time in ms that each step is shown for: at least long enough to be read, and no longer than needed. */
const shownFor = { least: 500, most: 1_500, last: 1_800 };
/** The strip below the chart: what has just happened, and how long the lease is still valid. */
const strip = { height: 64, caption: 24, bar: 40, barHeight: 8, margin: 20 };

/** What a step means, in few words. */
const meanings = {
  ACQUIRE: () => "all nodes are asked at once",
  GRANTED: ({ votes, validFor }) => `${tally(votes)}: the job may run for ${seconds(validFor)}`,
  RENEW: ({ from }) =>
    from === "held" ? "the job still runs, so the lease is renewed" : "asked again, while the lease is valid",
  RENEWED: ({ votes, validFor }) => `${tally(votes)}: valid for another ${seconds(validFor)}`,
  NO_QUORUM: ({ votes, validFor }) => `${tally(votes)}: no quorum, and ${seconds(validFor)} left`,
  EXPIRED: () => "the deadline has passed: the job is told to stop, before anybody else can hold the lock",
  RELEASE: () => "the job is done",
  RELEASED: ({ votes }) => `${tally(votes)}: whoever waits comes next`,
};

/** Draws the recorded life as an animated picture, which stands still for readers who prefer that. */
export function drawLife({ drawOverview, overviewLayouts, overviewArrowOf, around }) {
  const { resource, ttl, steps } = JSON.parse(readFileSync(file, "utf8"));
  const layout = overviewLayouts.wide;
  const scenes = scenesOf(steps);
  const duration = scenes.at(-1).end;
  const share = (ms) => `${((ms / duration) * 100).toFixed(2)}%`;
  const rules = [];
  /** Makes the elements of a class visible from one time to another. */
  const show = (name, ranges) => {
    const frames = [
      ["0%", 0],
      ...ranges.flatMap(({ start, end }) => [
        [share(start), 1],
        [share(end), 0],
      ]),
    ];
    const texts = new Map(frames);
    rules.push(
      `@keyframes ${name}{${[...texts].map(([at, opacity]) => `${at}{opacity:${opacity}}`).join("")}}`,
    );
    rules.push(`.life .${name}{animation-name:${name}}`);
  };

  const base = drawOverview(layout, { theme: "none" });
  const states = layout.states.map(({ path }) => {
    const name = `in-${path}`;
    show(name, merged(scenes.filter(({ step }) => around(step.to).includes(path))));
    return partOf(base, `data-state="${path}"`).replace(
      'class="state leaf',
      `class="state leaf lit now ${name}`,
    );
  });
  const arrows = [...new Set(scenes.map(({ step }) => overviewArrowOf(step).id))].map((id) => {
    const name = `by-${id}`;
    show(name, merged(scenes.filter(({ step }) => overviewArrowOf(step).id === id)));
    return partOf(base, `data-arrow="${id}"`)
      .replace('class="edge"', `class="edge moved now ${name}"`)
      .replace('class="event"', 'class="event moved"');
  });
  const captions = scenes.map(({ step, start, end }, index) => {
    const name = `says-${index}`;
    show(name, [{ start, end }]);
    const { margin, caption } = strip;
    return `<text class="caption now ${name}" x="${margin}" y="${layout.height + caption}"><tspan class="clock">${seconds(step.at)}</tspan><tspan class="event-name" dx="12">${step.event}</tspan><tspan dx="12">${escaped(meanings[step.event](step))}</tspan></text>`;
  });
  const { margin, bar, barHeight, caption, height } = strip;
  const barBox = `x="${margin}" y="${layout.height + bar}" width="${layout.width - 2 * margin}" height="${barHeight}" rx="4"`;
  rules.push(`@keyframes validity{${validityFrames(scenes, ttl, share)}}`);
  const extra = [
    ...states,
    ...arrows,
    `<text class="caption still" x="${margin}" y="${layout.height + caption}">A lock on ${resource} on three Redis servers: acquired, renewed, and lost when two of them hang</text>`,
    ...captions,
    `<rect class="bar" ${barBox}/>`,
    `<rect class="validity" ${barBox}/>`,
  ];
  return drawOverview(layout, {
    extra,
    below: height,
    title: `The life of a lock on ${resource}, recorded on three Redis servers: acquired, renewed, and lost when two of the servers hang`,
    style: `${styleOf(duration, margin)}${rules.join("\n")}\n`,
  }).replace('class="chart overview"', 'class="chart overview life"');
}

/** When each step is shown, in ms from the start. */
function scenesOf(steps) {
  let start = 0;
  return steps.map((step, index) => {
    const gap = (steps[index + 1]?.at ?? Number.POSITIVE_INFINITY) - step.at;
    const most = index === steps.length - 1 ? shownFor.last : shownFor.most;
    const begin = start;
    start += Math.min(most, Math.max(shownFor.least, gap));
    return { step, gap, start: begin, end: start };
  });
}

/** Scenes that follow each other become one. */
function merged(scenes) {
  const ranges = [];
  for (const { start, end } of scenes) {
    if (ranges.at(-1)?.end === start) ranges.at(-1).end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

/** The share of the ttl that is left at the beginning and at the end of each scene. */
function validityFrames(scenes, ttl, share) {
  const scale = (left) => `transform:scaleX(${Math.max(0, Math.min(1, left / ttl)).toFixed(3)})`;
  return scenes
    .flatMap(({ step: { validFor, at }, start, end, gap }, index) => {
      const from = validFor ?? 0;
      const last = index === scenes.length - 1;
      const to = validFor === null || last ? from : validFor - gap;
      return [`${share(start)}{${scale(from)}}`, `${share(last ? end : end - 1)}{${scale(to)}}`, at].slice(
        0,
        2,
      );
    })
    .join("");
}

const styleOf = (duration, margin) => `
.life .now{opacity:0;animation-duration:${duration}ms;animation-timing-function:step-end;animation-iteration-count:infinite}
.life .caption{font:14px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;fill:#1f2328}
.life .clock{fill:#57606a}.life .event-name{font-weight:700}
.life .bar{fill:#d8dee4}.life .validity{fill:#157a3c;transform-origin:${margin}px 0;animation:validity ${duration}ms linear infinite}
.life .still{opacity:0}
@media (prefers-color-scheme:dark){.life .caption{fill:#e6edf3}.life .clock{fill:#9aa4af}.life .bar{fill:#30363d}.life .validity{fill:#4ad077}}
@media (prefers-reduced-motion:reduce){.life .now,.life .validity{animation:none}.life .bar,.life .validity{opacity:0}.life .still{opacity:1}}
`;

/** The group of the drawing that has the attribute. */
function partOf(svg, attribute) {
  const at = svg.indexOf(attribute);
  const start = svg.lastIndexOf("<g ", at);
  return svg.slice(start, svg.indexOf("</g>", at) + "</g>".length);
}

const tally = (votes) => {
  const granted = votes.filter((kind) => kind === "granted").length;
  return `${granted} of 3 granted`;
};

const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
