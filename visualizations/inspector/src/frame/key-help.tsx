import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Whether the keys are explained. */
export const helpOpen = signal(false);

const keys: readonly (readonly [keys: string, where: string, what: string])[] = [
  ["?", "anywhere", "Opens this help"],
  ["/", "anywhere", "Goes to the filter; Enter leads from there to the list"],
  ["↑ ↓ Page Up Page Down Home End", "list", "Moves to another resource"],
  ["Enter", "list", "Opens the resource"],
  ["Escape", "one resource, lock, process or node", "Goes back to the list"],
  ["Tab, then Enter", "chart", "Chooses an arrow, and lists the events that took it"],
  ["← → ↑ ↓", "full chart", "Moves the chart, when it has the focus"],
  ["Enter", "time field of the axis", "Shows that time: 02:13, or 2026-01-02 02:13:30"],
  ["Tab, then Enter", "lane of the axis", "Opens a lock at the moment of its grant"],
  ["← →", "replay, the past", "One step back, one step forward"],
  ["Space, Home, End", "replay, the past", "Plays and stops; goes to the beginning, to the end"],
];

/** The keys of the page, in a dialog. */
export function KeyHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = helpOpen.value;
  useLayoutEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      class="key-help"
      aria-labelledby="key-help-title"
      onClose={() => {
        helpOpen.value = false;
      }}
    >
      <div class="key-help-head">
        <h2 id="key-help-title">Keys</h2>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Where</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {keys.map(([key, where, what]) => (
            <tr key={`${key} ${where}`}>
              <td>
                <kbd>{key}</kbd>
              </td>
              <td>{where}</td>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </dialog>
  );
}

export function KeyHelpButton() {
  return (
    <button
      type="button"
      class="icon-button help-button"
      aria-label="Keys"
      aria-keyshortcuts="?"
      title="Keys (?)"
      onClick={() => {
        helpOpen.value = true;
      }}
    >
      ?
    </button>
  );
}
