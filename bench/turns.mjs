/**
 * Measures all of them in each round, in an order that rotates, so that what slows the machine for a while slows all,
 * and each comes first as often as any other. Gives each name's results, round by round.
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
