/**
 * Returns the release function of a lease, for a library that grants leases only to a job. `start` gets the job, which
 * runs until the lease is released. The job's signal reports a loss.
 */
export function held(start, onLost) {
  return new Promise((granted, failed) => {
    const over = start((signal) => {
      signal.addEventListener("abort", onLost, { once: true });
      return new Promise((finish) => {
        granted(() => {
          finish();
          return over;
        });
      });
    });
    over.catch(failed);
  });
}
