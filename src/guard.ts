import { InvalidOptionError, isHoldfastError, StaleFenceError } from "./errors.js";
import { checkFence, checkSeen } from "./guard/fence-value.js";
import { type GuardedRedis, guardedRedis, type RedisWrite } from "./guard/redis.js";
import { type GuardedSql, guardedSql, type SqlWrite } from "./guard/sql.js";

export { HoldfastError, InvalidOptionError, isHoldfastError, StaleFenceError } from "./errors.js";
export type { GuardedRedis, RedisWrite } from "./guard/redis.js";
export type { GuardedSql, SqlWrite } from "./guard/sql.js";
export type { SqlDialect, SqlStatement } from "./guard/sql-statements.js";

/**
 * Rejects writes of a lease once the record has seen a newer fence. A guard needs no lock and no connection, and keeps
 * no state.
 */
export interface Guard {
  readonly fence: number;
  /**
   * For any storage: `seen` is the highest fence of the earlier writes to the record, null if there was none. An equal
   * fence is accepted, because one lease may write often. Comparison and write must be one atomic step.
   * @throws StaleFenceError when `seen` is newer.
   */
  check(seen: number | bigint | string | null | undefined): void;
  /** The statements that write one row of a table with a column for the fence. @throws InvalidOptionError */
  sql(write: SqlWrite): GuardedSql;
  /** The script that writes one key and stores the fence in a second key. @throws InvalidOptionError */
  redis(write: RedisWrite): GuardedRedis;
}

/**
 * Guards writes by a lease's fence, or by a fence received with a request: a number, a bigint or its digits.
 * @throws InvalidOptionError
 */
export function guard(fence: number | bigint | string): Guard {
  const own = checkFence(fence);
  return {
    fence: own,
    check(seen) {
      const highest = checkSeen(seen);
      if (highest > own) throw new StaleFenceError(own, highest);
    },
    sql: (write) => refusing(write, () => guardedSql(own, write)),
    redis: (write) => refusing(write, () => guardedRedis(own, write)),
  };
}

/** Reports a write object that throws when it is read like any other invalid write. */
function refusing<T>(write: unknown, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw new InvalidOptionError("write", write, "an object that can be read");
  }
}
