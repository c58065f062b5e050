import { InvalidOptionError, isHoldfastError, StaleFenceError } from "./errors.js";
import { checkFence, checkSeen } from "./guard/fence-value.js";
import { type GuardedRedis, guardedRedis, type RedisWrite } from "./guard/redis.js";
import { type GuardedSql, guardedSql, type SqlWrite } from "./guard/sql.js";

export { HoldfastError, InvalidOptionError, isHoldfastError, StaleFenceError } from "./errors.js";
export type { GuardedRedis, RedisWrite } from "./guard/redis.js";
export type { GuardedSql, SqlWrite } from "./guard/sql.js";
export type { SqlDialect, SqlStatement } from "./guard/sql-statements.js";

/** Writes that whoever holds a newer fence has made impossible. Needs no lock, no connection, and keeps no state. */
export interface Guard {
  readonly fence: number;
  /**
   * For storages of any kind: `seen` is the highest fence that came with a write to the record, null if none did. An
   * equal one passes, since one lease may write often. Compare and write must be one step.
   * @throws StaleFenceError when `seen` is newer.
   */
  check(seen: number | bigint | string | null | undefined): void;
  /** The statements of a write to one row of a table that has a column for the fence. @throws InvalidOptionError */
  sql(write: SqlWrite): GuardedSql;
  /** The script of a write to one key, whose fence is kept in a key beside it. @throws InvalidOptionError */
  redis(write: RedisWrite): GuardedRedis;
}

/**
 * Guards writes by a lease's fence, or by what a request brought of it: a number, a bigint or its digits.
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

/** What throws when it is looked at is refused like all else that is no write. */
function refusing<T>(write: unknown, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw new InvalidOptionError("write", write, "an object that can be read");
  }
}
