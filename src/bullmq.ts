/** A lease for each job of a BullMQ worker. */
export {
  type JobLockOptions,
  type JobProcessor,
  type LeasedProcessor,
  underLease,
} from "./integrations/bullmq/under-lease.js";
