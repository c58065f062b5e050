import { useInspector } from "../context.js";
import { FilterBar } from "./filter-bar.js";
import { LockList } from "./lock-list.js";
import { NoLocks } from "./no-locks.js";

export function LocksView() {
  const { rows } = useInspector();
  return (
    <section class="locks-view" aria-label="Locks">
      <FilterBar />
      {rows.value.length === 0 ? <NoLocks /> : <LockList rows={rows.value} />}
    </section>
  );
}
