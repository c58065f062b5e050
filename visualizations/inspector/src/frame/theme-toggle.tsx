import { type Theme, theme, themes } from "../theme.js";

const pictures: Record<Theme, string> = {
  auto: "M12 3a9 9 0 1 0 0 18V3z M12 3a9 9 0 0 1 0 18",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  dark: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z",
};

export function ThemeToggle() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? "auto";
  return (
    <button
      type="button"
      class="icon-button"
      title={`Theme: ${theme.value}`}
      aria-label={`Theme: ${theme.value}. Change to ${next}`}
      onClick={() => {
        theme.value = next;
      }}
    >
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" data-theme-picture={theme.value}>
        <path d={pictures[theme.value]} />
      </svg>
    </button>
  );
}
