// Loaded in the head, before the first paint: the theme that a person chose, and the mark that
// there is JavaScript. Light, dark, or as the system says.
import { memory, on } from "./dom.ts";

const KEY = "vizsla:theme";
const root = document.documentElement;
const ofTheServer = root.dataset.theme;

function apply(theme: string | null): void {
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else if (theme === null && ofTheServer) root.dataset.theme = ofTheServer;
  else delete root.dataset.theme;
}

function press(): void {
  const theme = root.dataset.theme ?? "system";
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
  }
}

root.classList.add("js");
apply(memory.get(KEY));

document.addEventListener("DOMContentLoaded", press);

on("click", "[data-theme-set]", (_, button) => {
  const theme = button.dataset.themeSet ?? "system";
  memory.set(KEY, theme);
  apply(theme);
  press();
});

// Saved with the profile: what this browser remembered gives way.
on("submit", "form[data-theme-saves]", () => memory.remove(KEY));

// Another tab chose.
window.addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  apply(event.newValue);
  press();
});
