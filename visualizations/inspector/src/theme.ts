import { effect, signal } from "@preact/signals";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const key = "holdfast-theme";

function remembered(): Theme {
  try {
    const theme = localStorage.getItem(key);
    return themes.find((one) => one === theme) ?? "auto";
  } catch {
    // Storage may be forbidden; then the choice is not stored.
    return "auto";
  }
}

export const theme = signal<Theme>(remembered());

const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);

/** The theme in effect: "auto" follows the system. */
export const shownTheme = (): "light" | "dark" => {
  if (theme.value !== "auto") return theme.value;
  return systemDark.value ? "dark" : "light";
};

export function startTheme(): void {
  system.addEventListener("change", ({ matches }) => {
    systemDark.value = matches;
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    try {
      localStorage.setItem(key, theme.value);
    } catch {
      // Storage may be forbidden.
    }
  });
}
