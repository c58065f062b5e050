import { useInspector } from "../context.js";
import { type Column, columns, reorder } from "../resource/order.js";

const names: Record<Column, string> = {
  state: "State",
  resource: "Resource",
  holder: "Holder",
  held: "Held for",
  waiters: "Waiters",
  wait: "Longest wait",
};

export function ColumnHeads() {
  const { order } = useInspector();
  const { by: current, descending } = order.value;
  const direction = descending ? "descending" : "ascending";
  return (
    <div role="rowgroup" class="heads">
      <div role="row" class="row-grid" tabIndex={-1} aria-rowindex={1}>
        {columns.map((column) => (
          <div
            key={column}
            role="columnheader"
            tabIndex={-1}
            data-column={column}
            aria-sort={column === current ? direction : "none"}
          >
            <button
              type="button"
              onClick={() => {
                order.value = reorder(order.value, column);
              }}
            >
              {names[column]}
              <span aria-hidden="true">{column !== current ? "" : descending ? "▼" : "▲"}</span>
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}
