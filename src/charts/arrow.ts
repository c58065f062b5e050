import type { Point } from "./layout.js";
import { element } from "./xml.js";

/** Length and half the width of an arrow's tip, in px. */
const tip = { length: 8, half: 4 };
const cornerRadius = 8;

/** Draws the tip as a path rather than a marker, because a marker's id would have to be unique in the page. */
export function drawArrow(points: readonly Point[]): string[] {
  const end = points.at(-1);
  const before = points.at(-2);
  if (end === undefined || before === undefined) return [];
  const [dx, dy] = direction(before, end);
  const [x, y] = end;
  const base: Point = [x - dx * tip.length, y - dy * tip.length];
  const corner = (side: 1 | -1) => `${base[0] - side * dy * tip.half} ${base[1] + side * dx * tip.half}`;
  return [
    element("path", { class: "line", d: pathThrough([...points.slice(0, -1), base]), pathLength: 1 }),
    element("path", { class: "tip", d: `M${x} ${y}L${corner(1)}L${corner(-1)}Z` }),
  ];
}

const direction = ([fromX, fromY]: Point, [x, y]: Point): Point => [
  Math.sign(x - fromX),
  Math.sign(y - fromY),
];

const distance = ([fromX, fromY]: Point, [x, y]: Point): number => Math.abs(x - fromX) + Math.abs(y - fromY);

/** Straight lines with rounded corners. */
function pathThrough(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const after = points[index + 1];
      if (before === undefined) return `M${point.join(" ")}`;
      if (after === undefined) return `L${point.join(" ")}`;
      const radius = Math.min(cornerRadius, distance(before, point) / 2, distance(point, after) / 2);
      const near = (other: Point): string => {
        const [dx, dy] = direction(point, other);
        return `${point[0] + dx * radius} ${point[1] + dy * radius}`;
      };
      return `L${near(before)}Q${point.join(" ")} ${near(after)}`;
    })
    .join("");
}
