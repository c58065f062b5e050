import type { Box, Point } from "./layout.js";

/**
 * The overview of the lock's chart: its six top-level states, and one arrow for all transitions that mean the same to a
 * reader. A lease is held in two of the states, which share a frame: an arrow from the frame applies to both.
 */
export interface OverviewArrow {
  readonly id: string;
  /** What the arrow is labelled with. */
  readonly label: string;
  /** The events that it stands for. */
  readonly events: readonly string[];
  /** The top-level states that it leaves. */
  readonly from: readonly string[];
  readonly to: string;
}

export const overviewArrows = [
  { id: "acquire", label: "ACQUIRE", events: ["ACQUIRE"], from: ["idle"], to: "acquiring" },
  {
    id: "retry",
    label: "RETRY",
    events: ["RETRY", "NEXT", "DENIED", "NO_QUORUM", "TOO_SLOW"],
    from: ["acquiring"],
    to: "acquiring",
  },
  {
    id: "fail",
    label: "failed",
    events: ["DENIED", "NO_QUORUM", "TOO_SLOW", "ABORT", "TIMED_OUT", "REFUSED"],
    from: ["acquiring"],
    to: "idle",
  },
  { id: "grant", label: "GRANTED", events: ["GRANTED"], from: ["acquiring"], to: "held" },
  { id: "renew", label: "RENEW", events: ["RENEW"], from: ["held"], to: "renewing" },
  {
    id: "renewed",
    label: "RENEWED",
    events: ["RENEWED", "NO_QUORUM"],
    from: ["renewing"],
    to: "held",
  },
  {
    id: "no-quorum",
    label: "NO_QUORUM",
    events: ["NO_QUORUM", "RENEW"],
    from: ["renewing"],
    to: "renewing",
  },
  { id: "release", label: "RELEASE", events: ["RELEASE"], from: ["held", "renewing"], to: "releasing" },
  { id: "hand-over", label: "HAND_OVER", events: ["HAND_OVER"], from: ["held", "renewing"], to: "idle" },
  {
    id: "lose",
    label: "EXPIRED · LOST",
    events: ["EXPIRED", "LOST"],
    from: ["held", "renewing"],
    to: "expired",
  },
  { id: "released", label: "RELEASED", events: ["RELEASED"], from: ["releasing"], to: "idle" },
  { id: "expire", label: "EXPIRED", events: ["EXPIRED"], from: ["releasing"], to: "expired" },
  { id: "again", label: "ACQUIRE", events: ["ACQUIRE"], from: ["expired"], to: "acquiring" },
] as const satisfies readonly OverviewArrow[];

type OverviewArrowId = (typeof overviewArrows)[number]["id"];

/** The state of the overview that stands for a path. A shared lock that becomes exclusive is held meanwhile. */
export function overviewStateOf(path: string): string {
  const top = path.split(".", 1)[0] ?? "";
  return top === "upgrading" ? "held" : top;
}

/** The arrow that stands for a step of the chart from leaf to leaf; null for a step that is in no chart. */
export function overviewArrowOf(step: {
  readonly event: string;
  readonly from: string;
  readonly to: string;
}): OverviewArrow | null {
  const [from, to] = [overviewStateOf(step.from), overviewStateOf(step.to)];
  const all: readonly OverviewArrow[] = overviewArrows;
  return (
    all.find((arrow) => arrow.to === to && arrow.from.includes(from) && arrow.events.includes(step.event)) ??
    null
  );
}

interface OverviewState extends Box {
  readonly path: string;
  /** The substates, which are named in the box. */
  readonly substates: readonly string[];
}

/** The position of every part, in px from the upper left corner. */
export interface OverviewLayout {
  readonly shape: OverviewShape;
  readonly width: number;
  readonly height: number;
  readonly states: readonly OverviewState[];
  /** The frame around the states in which a lease is held. */
  readonly lease: Box;
  readonly start: readonly Point[];
  readonly arrows: Readonly<
    Record<OverviewArrowId, { readonly points: readonly Point[]; readonly label: Point }>
  >;
}

/** "wide": the main path from left to right; "tall": from top to bottom, for a narrow screen. */
export type OverviewShape = "wide" | "tall";

const state = (
  path: string,
  [x, y, width, height]: readonly [number, number, number, number],
  ...substates: string[]
): OverviewState => ({ path, substates, x, y, width, height });

/** Placed by hand: the main path in one line, losses below it. `label`: the middle of an arrow's label. */
export const overviewLayouts: Readonly<Record<OverviewShape, OverviewLayout>> = {
  wide: {
    shape: "wide",
    width: 974,
    height: 382,
    states: [
      state("idle", [20, 88, 92, 52]),
      state("acquiring", [216, 88, 200, 52], "queued", "asking", "waiting"),
      state("held", [536, 94, 176, 40]),
      state("renewing", [536, 184, 176, 50], "asking", "retrying"),
      state("releasing", [834, 88, 120, 52]),
      state("expired", [564, 326, 120, 40]),
    ],
    lease: { x: 520, y: 62, width: 208, height: 216 },
    start: [
      [66, 172],
      [66, 140],
    ],
    arrows: {
      acquire: {
        points: [
          [112, 100],
          [216, 100],
        ],
        label: [162, 100],
      },
      fail: {
        points: [
          [216, 128],
          [112, 128],
        ],
        label: [166, 128],
      },
      retry: {
        points: [
          [250, 140],
          [250, 172],
          [320, 172],
          [320, 140],
        ],
        label: [285, 172],
      },
      grant: {
        points: [
          [416, 114],
          [536, 114],
        ],
        label: [466, 114],
      },
      renew: {
        points: [
          [576, 134],
          [576, 184],
        ],
        label: [576, 158],
      },
      renewed: {
        points: [
          [668, 184],
          [668, 134],
        ],
        label: [668, 159],
      },
      "no-quorum": {
        points: [
          [584, 234],
          [584, 258],
          [664, 258],
          [664, 234],
        ],
        label: [624, 258],
      },
      release: {
        points: [
          [728, 114],
          [834, 114],
        ],
        label: [778, 114],
      },
      "hand-over": {
        points: [
          [624, 62],
          [624, 46],
          [84, 46],
          [84, 88],
        ],
        label: [316, 46],
      },
      lose: {
        points: [
          [624, 278],
          [624, 326],
        ],
        label: [624, 300],
      },
      released: {
        points: [
          [894, 88],
          [894, 20],
          [48, 20],
          [48, 88],
        ],
        label: [472, 20],
      },
      expire: {
        points: [
          [894, 140],
          [894, 346],
          [684, 346],
        ],
        label: [790, 346],
      },
      again: {
        points: [
          [564, 346],
          [376, 346],
          [376, 140],
        ],
        label: [466, 346],
      },
    },
  },
  tall: {
    shape: "tall",
    width: 352,
    height: 524,
    states: [
      state("idle", [111, 22, 120, 50]),
      state("acquiring", [76, 122, 190, 50], "queued", "asking", "waiting"),
      state("held", [76, 242, 190, 36]),
      state("renewing", [76, 328, 190, 50], "asking", "retrying"),
      state("releasing", [226, 470, 112, 38]),
      state("expired", [30, 470, 100, 38]),
    ],
    lease: { x: 60, y: 214, width: 222, height: 208 },
    start: [
      [84, 47],
      [111, 47],
    ],
    arrows: {
      acquire: {
        points: [
          [135, 72],
          [135, 122],
        ],
        label: [135, 96],
      },
      fail: {
        points: [
          [208, 122],
          [208, 72],
        ],
        label: [208, 97],
      },
      retry: {
        points: [
          [76, 130],
          [40, 130],
          [40, 148],
          [76, 148],
        ],
        label: [34, 139],
      },
      grant: {
        points: [
          [171, 172],
          [171, 242],
        ],
        label: [171, 193],
      },
      renew: {
        points: [
          [118, 278],
          [118, 328],
        ],
        label: [118, 302],
      },
      renewed: {
        points: [
          [222, 328],
          [222, 278],
        ],
        label: [222, 303],
      },
      "no-quorum": {
        points: [
          [131, 378],
          [131, 402],
          [211, 402],
          [211, 378],
        ],
        label: [171, 402],
      },
      release: {
        points: [
          [252, 422],
          [252, 470],
        ],
        label: [252, 445],
      },
      "hand-over": {
        points: [
          [282, 256],
          [322, 256],
          [322, 60],
          [231, 60],
        ],
        label: [284, 60],
      },
      lose: {
        points: [
          [102, 422],
          [102, 470],
        ],
        label: [102, 445],
      },
      released: {
        points: [
          [338, 489],
          [344, 489],
          [344, 34],
          [231, 34],
        ],
        label: [288, 34],
      },
      expire: {
        points: [
          [226, 489],
          [130, 489],
        ],
        label: [181, 489],
      },
      again: {
        points: [
          [30, 489],
          [14, 489],
          [14, 162],
          [76, 162],
        ],
        label: [37, 193],
      },
    },
  },
};
