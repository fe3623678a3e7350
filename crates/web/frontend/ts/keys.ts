// The keyboard. What a page offers is read from the page: data-search, data-list, data-key, data-go.
import { isTyping, isUsable, make } from "./dom.ts";
import { tickOf } from "./rows.ts";

const GO_WITHIN_MS = 1_500;
let going = 0;
let cursorId: string | null = null;
/** Where the cursor was, for when its row goes. */
let cursorIndex = -1;

function rows(): HTMLTableRowElement[] {
  const lists = [...document.querySelectorAll<HTMLTableElement>("table[data-list]")].filter((list) => list.checkVisibility());
  const list = lists.find((one) => one.contains(document.activeElement)) ?? lists[0];
  return list ? [...list.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.checkVisibility()) : [];
}

function cursor(): HTMLTableRowElement | null {
  const all = rows();
  return (
    all.find((row) => row.contains(document.activeElement)) ??
    all.find((row) => row.classList.contains("cursor")) ??
    all.find((row) => row.id !== "" && row.id === cursorId) ??
    null
  );
}

function moveTo(row: HTMLTableRowElement): void {
  for (const other of document.querySelectorAll("tr.cursor")) other.classList.remove("cursor");
  row.classList.add("cursor");
  row.tabIndex = -1;
  cursorId = row.id || null;
  remember();
  cursorIndex = rows().indexOf(row);
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(step: number): boolean {
  const all = rows();
  if (all.length === 0) return false;
  const at = cursor();
  const open = all.findIndex((row) => row.classList.contains("open"));
  const from = at ? all.indexOf(at) : open;
  const to = all[Math.min(all.length - 1, Math.max(0, from + step))];
  if (to) moveTo(to);
  return true;
}

/** A reload, or a way there and back, keeps the place: for this tab, for this page. */
const PLACE = "vizsla:cursor";

function remember(): void {
  try {
    if (cursorId) sessionStorage.setItem(PLACE, JSON.stringify([location.pathname, cursorId]));
  } catch {
    // Full or forbidden.
  }
}

function recall(): void {
  try {
    const [path, id] = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]") as unknown[];
    const row = typeof id === "string" && path === location.pathname ? document.getElementById(id) : null;
    if (row instanceof HTMLTableRowElement && row.closest("table[data-list]") && document.activeElement === document.body && !location.hash) moveTo(row);
  } catch {
    // Forbidden, or not ours.
  }
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", recall, { once: true });
else recall();

function toggle(): boolean {
  const tick = cursor() && tickOf(cursor()!);
  if (!tick) return false;
  tick.click();
  return true;
}

function openRow(): boolean {
  const row = cursor();
  if (!row || document.activeElement !== row) return false;
  // What is open already is gone into.
  if (row.classList.contains("open") && enterPanel()) return true;
  const link = row.querySelector<HTMLElement>("[data-open], a[href]");
  link?.click();
  return link !== null;
}

function enterPanel(): boolean {
  const panel = document.querySelector<HTMLElement>(".panel");
  if (!panel?.checkVisibility()) return false;
  panel.tabIndex = -1;
  panel.focus();
  return true;
}

/** A button of the page; if it waits for a selection, the row of the cursor is one. */
function press(key: string): boolean {
  const buttons = [...document.querySelectorAll<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)];
  let button = buttons.find(isUsable);
  if (!button && buttons.length > 0) {
    const row = cursor();
    const tick = row && tickOf(row);
    if (tick && !tick.checked) tick.click();
    button = buttons.find(isUsable);
  }
  button?.click();
  return button !== undefined;
}

function go(key: string): boolean {
  const link = document.querySelector<HTMLElement>(`[data-go="${CSS.escape(key)}"]`);
  link?.click();
  return link !== null;
}

function search(): boolean {
  const box = [...document.querySelectorAll<HTMLInputElement>("[data-search]")].find(isUsable);
  box?.focus();
  box?.select();
  return box !== undefined;
}

function close(): boolean {
  const closer = [...document.querySelectorAll<HTMLElement>("[data-close]")].find(isUsable);
  if (!closer) return false;
  // From inside the panel, back to the row that it was about.
  const row = closer.closest(".panel")?.contains(document.activeElement) ? document.querySelector<HTMLTableRowElement>("table[data-list] tr.open") : null;
  if (row) moveTo(row);
  closer.click();
  return true;
}

/** Sends the form that is written in. */
function send(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const place = target.closest("dialog[open]") ?? target.closest("form");
  const button = place?.querySelector<HTMLElement>("button.primary") ?? place?.querySelector<HTMLElement>("button:not([type='button'])");
  if (!button || !isUsable(button)) return false;
  button.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing && isTyping(event.target)) {
    if (send(event.target)) event.preventDefault();
    return;
  }
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog:modal")) return;

  if (isTyping(event.target)) {
    // Esc leaves a search box; a second one closes the panel.
    if (event.key === "Escape" && event.target instanceof HTMLElement) {
      const box = event.target;
      if (!(box instanceof HTMLInputElement && box.type === "search" && box.value !== "")) box.blur();
    }
    return;
  }

  if (going && event.timeStamp - going < GO_WITHIN_MS) {
    going = 0;
    if (go(event.key)) event.preventDefault();
    return;
  }
  going = 0;

  if (act(event)) event.preventDefault();
});

function act(event: KeyboardEvent): boolean {
  switch (event.key) {
    case "/":
      return search();
    case "j":
      return move(1);
    case "k":
      return move(-1);
    case "ArrowDown":
      return document.activeElement instanceof HTMLTableRowElement && move(1);
    case "ArrowUp":
      return document.activeElement instanceof HTMLTableRowElement && move(-1);
    case "x":
      return toggle();
    case "Enter":
      return openRow();
    case "Escape":
      return close();
    case "?":
      return help();
    case "g":
      going = document.querySelector("[data-go]") ? event.timeStamp : 0;
      return going > 0;
    default:
      return event.key.length === 1 && press(event.key.toLowerCase());
  }
}

/** The rows may have been swapped: the cursor goes to the row that was it. */
document.addEventListener("htmx:after:swap", () => {
  if (!cursorId) return;
  const lost = document.activeElement === document.body;
  const same = document.getElementById(cursorId);
  if (same instanceof HTMLTableRowElement) {
    same.classList.add("cursor");
    same.tabIndex = -1;
    if (lost) same.focus({ preventScroll: true });
  } else if (lost) {
    // Its row is gone, excluded perhaps: the next one has taken its place.
    const all = rows();
    const next = all[Math.min(cursorIndex, all.length - 1)];
    if (next) moveTo(next);
  }
});

function named(element: Element): string {
  const label = element.getAttribute("aria-label") ?? element.textContent ?? "";
  return (element.getAttribute("data-key-name") ?? label.replace(/\s+/g, " ").replace(/\s\S$/, "")).trim();
}

function help(): boolean {
  const list = document.querySelector("table[data-list]");
  const lines: [string, string][] = [];
  if (document.querySelector("[data-search]")) lines.push(["/", "Search"]);
  if (list) lines.push(["j k", "Down, up"]);
  if (list?.querySelector(".check")) lines.push(["x", "Select"]);
  if (list?.querySelector("[data-open]")) lines.push(["Enter", document.querySelector(".panel") ? "Details; again: into them" : "Details"]);
  if (document.querySelector("[data-close]")) lines.push(["Esc", "Close the details"]);
  const seen = new Set<string>();
  for (const button of document.querySelectorAll("[data-key]")) {
    const key = button.getAttribute("data-key") ?? "";
    if (!seen.has(key)) lines.push([key, named(button)]);
    seen.add(key);
  }
  if (document.querySelector("textarea")) lines.push(["Ctrl Enter", "Send what is written"]);
  lines.push(["Ctrl K", "Find a case, record or action"], ["?", "This help"]);
  for (const link of document.querySelectorAll("[data-go]")) {
    const name = (link.firstChild?.textContent ?? link.textContent ?? "").trim();
    lines.push([`g ${link.getAttribute("data-go")}`, `Go to ${name}`]);
  }

  const keys = make("dl", { class: "keys-list" });
  for (const [key, name] of lines) {
    const shown = key.split(" ").flatMap((part) => [make("kbd", {}, part), " "]);
    keys.append(make("div", {}, make("dt", {}, ...shown), make("dd", {}, name)));
  }
  const dialog = make(
    "dialog",
    { class: "dialog", "aria-labelledby": "keys-title" },
    make("header", {}, make("h2", { id: "keys-title" }, "Keyboard"), make("button", { type: "button", class: "button quiet small", "data-closes": true, "aria-label": "Close" }, "×")),
    make("div", { class: "body" }, keys),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return true;
}
