import { runOutState, topState } from "../model/states.js";

/** A state's name beside its dot, so that colour is never the only cue. */
export function StateLabel({ state, whole = false }: { readonly state: string; readonly whole?: boolean }) {
  const top = topState(state);
  return (
    <span class="state" data-lock-state={top}>
      <span class="dot" aria-hidden="true" />
      {state === runOutState ? "run out" : whole ? state.replace(".", " · ") : top}
    </span>
  );
}
