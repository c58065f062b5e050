/** Pairs of spans of one key that overlap. */
export function overlapsOf(spans) {
  const found = [];
  for (const list of byKey(spans)) {
    let latest = null;
    for (const span of list) {
      if (latest !== null && span.from < latest.to) found.push([latest, span]);
      if (latest === null || span.to > latest.to) latest = span;
    }
  }
  return found;
}

/** Leases whose fence is not higher than that of an earlier lease of the same key. */
export function fencesOutOfOrder(spans) {
  const found = [];
  for (const list of byKey(spans.filter(({ fence }) => fence !== null))) {
    for (const [index, span] of list.entries())
      if (index > 0 && span.fence <= list[index - 1].fence) found.push([list[index - 1], span]);
  }
  return found;
}

/** The grants after which the next grant went to a process of the other version, and those that stayed with one version. */
export function turnsOf(spans) {
  let [changed, stayed] = [0, 0];
  for (const list of byKey(spans))
    for (const [index, span] of list.entries()) {
      if (index === 0) continue;
      if (versionOf(span) === versionOf(list[index - 1])) stayed++;
      else changed++;
    }
  return { changed, stayed };
}

const versionOf = ({ by }) => by.split("-")[0];

function byKey(spans) {
  const lists = new Map();
  for (const span of spans) {
    const list = lists.get(span.key);
    if (list === undefined) lists.set(span.key, [span]);
    else list.push(span);
  }
  return [...lists.values()].map((list) => list.sort((a, b) => a.from - b.from));
}
