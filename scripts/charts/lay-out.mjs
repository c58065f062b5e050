import Elk from "elkjs/lib/elk.bundled.js";

const margin = 16;

const spacing = {
  "elk.spacing.nodeNode": 24,
  "elk.spacing.edgeNode": 14,
  "elk.spacing.edgeEdge": 12,
  "elk.spacing.edgeLabel": 4,
  "elk.spacing.nodeSelfLoop": 14,
  "elk.layered.spacing.nodeNodeBetweenLayers": 18,
  "elk.layered.spacing.edgeNodeBetweenLayers": 12,
  "elk.layered.spacing.edgeEdgeBetweenLayers": 10,
};

const options = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  // Keeps the initial state at the top.
  "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.thoroughness": 100,
  "elk.padding": `[top=${margin},left=${margin},bottom=${margin},right=${margin}]`,
  ...spacing,
};

/** Of the seeds 1 to 60: for a shared lock, one with no arrow across a label; for the others, the one with the fewest crossing arrows in the lock's chart. */
const seedOf = (name) => ({ "elk.randomSeed": name === "shared" ? 17 : 28 });

/** BRANDES_KOEPF draws straighter arrows; LINEAR_SEGMENTS keeps compound states narrow. */
const placement = (states) => ({
  "elk.layered.nodePlacement.strategy": states.every(({ initial }) => initial === null)
    ? "BRANDES_KOEPF"
    : "LINEAR_SEGMENTS",
});

const startOf = (path) => `start of ${path}`;
const idOf = (path) => (path === "" ? "any state" : path);

/**
 * Computes the layout of a model, a ChartLayout. The same model gives the same layout on every machine.
 * `sizes`: the exports of src/charts/metrics.ts.
 */
export async function layOut(model, sizes) {
  const { metrics, sizeOfState } = sizes;
  const notes = (path, entry, exit) => [
    ...entry.map((action) => ({ on: "entry", guard: null, actions: [action] })),
    ...exit.map((action) => ({ on: "exit", guard: null, actions: [action] })),
    ...model.transitions
      .filter(({ from, to }) => from === path && to === null)
      .map(({ event, guard, actions }) => ({ on: event, guard, actions })),
  ];
  const boxes = [];
  const starts = [];
  const edgesOfStarts = [];
  const start = (of, to) => {
    starts.push({ id: startOf(of), to });
    edgesOfStarts.push({ id: `to ${startOf(of)}`, sources: [startOf(of)], targets: [to] });
    return { id: startOf(of), width: 2 * metrics.dot, height: 2 * metrics.dot };
  };
  const nodeOf = ({ path, initial, entry, exit, states }) => {
    const box = { path, initial, notes: notes(path, entry, exit) };
    boxes.push(box);
    const size = sizeOfState(box);
    if (states.length === 0) return { id: idOf(path), ...size };
    return {
      id: idOf(path),
      layoutOptions: {
        "elk.padding": `[top=${size.height},left=14,bottom=14,right=14]`,
        ...spacing,
      },
      children: [start(path, initial), ...states.map(nodeOf)],
    };
  };
  const children = [start("", model.initial), ...model.states.map(nodeOf)];
  if (model.transitions.some(({ from }) => from === "")) {
    children.push(nodeOf({ path: "", initial: null, entry: [], exit: [], states: [] }));
  }
  const edges = merged(model.transitions);
  const graph = {
    id: "chart",
    layoutOptions: { ...options, ...seedOf(model.name), ...placement(model.states) },
    children,
    edges: [...edgesOfStarts, ...edges.map((edge) => edgeOf(edge, sizes))],
  };
  const laid = await new Elk().layout(graph);
  const nodes = new Map(flat(laid.children).map((node) => [node.id, node]));
  const routes = new Map(laid.edges.map((edge) => [edge.id, edge]));
  return {
    name: model.name,
    width: Math.ceil(laid.width),
    height: Math.ceil(laid.height),
    states: boxes.map((box) => ({ ...box, ...boxOf(nodes.get(idOf(box.path))) })),
    starts: starts.map(({ id, to }) => ({ to, points: pointsOf(routes.get(`to ${id}`)) })),
    edges: edges.map(({ from, to, labels }) => {
      const route = routes.get(`${from} to ${to}`);
      return { from, to, points: pointsOf(route), label: boxOf(route.labels[0]), labels };
    }),
  };
}

/** One edge for all transitions from one state to another. */
function merged(transitions) {
  const edges = new Map();
  for (const { from, to, event, guard, actions } of transitions) {
    if (to === null) continue;
    const key = JSON.stringify([from, to]);
    if (!edges.has(key)) edges.set(key, { from, to, labels: [] });
    edges.get(key).labels.push({ event, guard, actions });
  }
  return [...edges.values()];
}

const edgeOf = ({ from, to, labels }, { sizeOfLabels }) => ({
  id: `${from} to ${to}`,
  sources: [idOf(from)],
  targets: [to],
  labels: [
    {
      id: `label of ${from} to ${to}`,
      text: "label",
      ...sizeOfLabels(labels),
      layoutOptions: { "elk.edgeLabels.placement": "CENTER", "elk.edgeLabels.inline": true },
    },
  ],
});

const flat = (nodes = []) => nodes.flatMap((node) => [node, ...flat(node.children)]);

const round = (number) => Math.round(number * 10) / 10;

const boxOf = ({ x, y, width, height }) => ({
  x: round(x),
  y: round(y),
  width: round(width),
  height: round(height),
});

const pointsOf = ({ sections: [{ startPoint, bendPoints = [], endPoint }] }) =>
  [startPoint, ...bendPoints, endPoint].map(({ x, y }) => [round(x), round(y)]);
