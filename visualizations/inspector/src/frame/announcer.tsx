import { useEffect, useRef, useState } from "preact/hooks";
import { plain } from "../../../../src/cli/plain.js";
import { useInspector } from "../context.js";
import { isTrouble } from "../nodes/node-table.js";
import { useNames } from "../nodes/use-names.js";
import { troubleNames } from "../resource/trouble-names.js";

/** Time in ms between two announcements. */
const interval = 5_000;
/** Maximum number of troubles that are named. */
const maxNamed = 3;

/** Tells those who do not see the page what is wrong, whenever that changes, and at most every few seconds. */
export function Announcer() {
  const { resources, nodeColumns } = useInspector();
  const [said, setSaid] = useState("");
  const spokenAt = useRef(0);
  const all = [
    ...nodeColumns.value.flatMap(({ name, worst }) =>
      isTrouble(worst) ? [`node ${plain(name)} is ${useNames[worst]}`] : [],
    ),
    ...resources.value.flatMap(({ name, trouble }) =>
      trouble === null ? [] : [`${plain(name)}: ${troubleNames[trouble]}`],
    ),
  ];
  const more = all.length > maxNamed ? `, and ${all.length - maxNamed} more` : "";
  const words = all.length === 0 ? "No trouble" : all.slice(0, maxNamed).join(", ") + more;
  useEffect(() => {
    // Nothing is said as long as nothing was wrong.
    if (words === said || (said === "" && all.length === 0)) return;
    const wait = Math.max(0, spokenAt.current + interval - Date.now());
    const timer = setTimeout(() => {
      spokenAt.current = Date.now();
      setSaid(words);
    }, wait);
    return () => clearTimeout(timer);
  }, [words, said]);
  return (
    <output class="visually-hidden" aria-label="Troubles">
      {said}
    </output>
  );
}
