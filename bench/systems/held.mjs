/**
 * The release function of a lease that a library only gives to a job: `start` is handed the job, which goes on until
 * the lease is released. A loss is told by the job's signal.
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
