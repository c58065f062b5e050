import { useInspector } from "../context.js";
import { FilterBar } from "./filter-bar.js";
import { NoLocks } from "./no-locks.js";
import { ResourceList } from "./resource-list.js";

export function LocksView() {
  const { rows, route } = useInspector();
  return (
    <section class="locks-view" aria-label="Locks">
      {route.value.view === "locks" && <h1 class="visually-hidden">Locks</h1>}
      <FilterBar />
      {rows.value.length === 0 ? <NoLocks /> : <ResourceList rows={rows.value} />}
    </section>
  );
}
