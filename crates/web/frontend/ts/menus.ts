// A menu is a <details>: it opens without help. Here it also closes.

function openMenus(): NodeListOf<HTMLDetailsElement> {
  return document.querySelectorAll<HTMLDetailsElement>("details.menu[open]");
}

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    const inside = event.target instanceof Node && menu.contains(event.target);
    if (!inside) menu.open = false;
  }
});

document.addEventListener("focusin", (event) => {
  for (const menu of openMenus()) {
    if (event.target instanceof Node && menu.contains(document.activeElement) === false && !menu.contains(event.target) && menu.dataset.used) {
      menu.open = false;
    }
    if (event.target instanceof Node && menu.contains(event.target)) menu.dataset.used = "yes";
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target instanceof Element ? event.target.closest<HTMLDetailsElement>("details.menu[open]") : null;
  if (!menu) return;
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    menu.open = false;
    menu.querySelector<HTMLElement>("summary")?.focus();
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const items = [...menu.querySelectorAll<HTMLElement>(".items :is(a, button, input)")].filter((item) => item.checkVisibility());
  if (items.length === 0) return;
  event.preventDefault();
  const at = items.indexOf(document.activeElement as HTMLElement);
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length;
  items[next]?.focus();
}, { capture: true });

export {};
