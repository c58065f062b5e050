/** The results of the systems that kept their leases. What the others cost means nothing. */
export const keptOf = ({ leases, results }) =>
  Object.fromEntries(
    Object.entries(results).filter(([, rounds]) => rounds.every(({ lost }) => lost < leases / 100)),
  );
