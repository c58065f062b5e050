/** Plots throughput over nodes, as an SVG that is readable on a light and on a dark page. */
import { scaleBand, scaleLinear } from "d3-scale";
import { spread } from "../stats.mjs";
import { figure } from "./format.mjs";

const width = 760;
const height = 344;
const plot = { left: 64, right: width - 12, top: 52, bottom: height - 48 };

const style = `
  text { font: 12px system-ui, sans-serif; fill: #444; }
  .title { font-size: 14px; font-weight: 600; }
  .value { font-size: 10px; text-anchor: middle; }
  .grid { stroke: #8884; }
  .range { stroke: #444; }
  .s0 { fill: #d9480f; } .s1 { fill: #4c6ef5; } .s2 { fill: #1098ad; } .s3 { fill: #9c6ade; } .s4 { fill: #868e96; }
  @media (prefers-color-scheme: dark) { text { fill: #ccc; } .range { stroke: #ccc; } }`;

/** All `cells` must have the same client and number of callers. */
export function plotOf(cells, names, title) {
  const figures = cells.flatMap(({ nodes, results }) =>
    names.map((name) => ({ nodes, name, ...spread(results[name].map(({ throughput }) => throughput)) })),
  );
  const groups = scaleBand(
    cells.map(({ nodes }) => nodes),
    [plot.left, plot.right],
  ).padding(0.12);
  const bars = scaleBand(names, [0, groups.bandwidth()]).padding(0.1);
  const y = scaleLinear([0, Math.max(...figures.map(({ max }) => max))], [plot.bottom, plot.top]).nice();

  const grid = y
    .ticks(5)
    .map(
      (tick) =>
        `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(tick)}" y2="${y(tick)}"/>` +
        `<text x="${plot.left - 8}" y="${y(tick) + 4}" text-anchor="end">${figure(tick)}</text>`,
    );
  const drawn = figures.map(({ nodes, name, median, min, max }) => {
    const x = groups(nodes) + bars(name);
    const middle = (x + bars.bandwidth() / 2).toFixed(1);
    const top = y(median);
    return (
      `<rect class="s${names.indexOf(name)}" x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${bars.bandwidth().toFixed(1)}" height="${(plot.bottom - top).toFixed(1)}"><title>${name}, ${nodes}: ${figure(median)} (${figure(min)}–${figure(max)})</title></rect>` +
      `<line class="range" x1="${middle}" x2="${middle}" y1="${y(min).toFixed(1)}" y2="${y(max).toFixed(1)}"/>` +
      `<text class="value" x="${middle}" y="${(y(max) - 4).toFixed(1)}">${(median / 1_000).toFixed(1)}k</text>`
    );
  });
  const below = cells.map(
    ({ nodes }) =>
      `<text x="${groups(nodes) + groups.bandwidth() / 2}" y="${plot.bottom + 18}" text-anchor="middle">${nodes} node${nodes === 1 ? "" : "s"}</text>`,
  );
  const step = (plot.right - plot.left) / names.length;
  const legend = names.map((name, index) => {
    const x = plot.left + index * step;
    return `<rect class="s${index}" x="${x}" y="${height - 19}" width="10" height="10"/><text x="${x + 15}" y="${height - 10}">${name}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${style}\n</style>`,
    `<text class="title" x="${plot.left}" y="22">${title}</text>`,
    ...grid,
    ...drawn,
    ...below,
    ...legend,
    "</svg>\n",
  ].join("\n");
}
