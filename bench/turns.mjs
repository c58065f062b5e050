/**
 * Measures every name in each round. The order rotates, so that a temporary slowdown of the machine affects all names, and
 * each name is measured first equally often. Returns the results of each name, by round.
 */
export async function inTurns(names, rounds, measure) {
  const results = Object.fromEntries(names.map((name) => [name, []]));
  const order = [...names];
  for (let round = 0; round < rounds; round++) {
    for (const name of order) results[name].push(await measure(name, round));
    order.push(order.shift());
  }
  return results;
}
