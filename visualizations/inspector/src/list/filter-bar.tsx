import { useInspector } from "../context.js";
import { StateLabel } from "../frame/state-label.js";
import { focusList } from "../keys.js";
import { toggleState } from "../model/filter.js";
import { lockStates } from "../model/states.js";
import { type Preset, presets } from "../resource/order.js";

const presetNames: Record<Preset, string> = {
  trouble: "Trouble first",
  hot: "Hot",
  longest: "Longest held",
};

export function FilterBar() {
  const { filter, counts, rows, order } = useInspector();
  return (
    <search class="filter-bar">
      <input
        id="filter"
        type="search"
        placeholder="Filter by resource or owner"
        aria-label="Filter by resource or owner"
        aria-keyshortcuts="/"
        autocomplete="off"
        spellcheck={false}
        value={filter.value.text}
        onInput={({ currentTarget }) => {
          filter.value = { ...filter.value, text: currentTarget.value };
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "ArrowDown") return;
          event.preventDefault();
          focusList();
        }}
      />
      <fieldset class="segments presets" aria-label="Order">
        {presets.map((preset) => (
          <button
            key={preset}
            type="button"
            aria-pressed={order.value.by === preset}
            onClick={() => {
              order.value = { by: preset, descending: false };
            }}
          >
            {presetNames[preset]}
          </button>
        ))}
      </fieldset>
      <fieldset class="chips" aria-label="Filter by state">
        {lockStates.map((state) => (
          <button
            key={state}
            type="button"
            class="chip"
            aria-pressed={filter.value.states.has(state)}
            onClick={() => {
              filter.value = toggleState(filter.value, state);
            }}
          >
            <StateLabel state={state} />
            <b>{counts.value[state].toLocaleString("en")}</b>
          </button>
        ))}
      </fieldset>
      <output class="visually-hidden">{rows.value.length} resources are shown</output>
    </search>
  );
}
