// Ctrl-K: any case, record or action. Asks GET /palette?q= for [{title, detail, href, group}].
import { make, on } from "./dom.ts";

interface Hit {
  title: string;
  detail?: string | null;
  href: string;
  group?: string | null;
}

const ASK_AFTER_MS = 90;

let dialog: HTMLDialogElement | null = null;
let input: HTMLInputElement;
let results: HTMLElement;
let hits: Hit[] = [];
let at = 0;
let waiting = 0;
let asked: AbortController | null = null;

function build(): HTMLDialogElement {
  input = make("input", {
    type: "text",
    role: "combobox",
    "aria-label": "Find a case, record or action",
    "aria-expanded": "true",
    "aria-controls": "palette-results",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "Find a case, record or action",
  });
  results = make("div", { id: "palette-results", class: "results", role: "listbox", "aria-label": "Found" });
  const made = make("dialog", { class: "palette", "aria-label": "Find" }, input, results);

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(ask, ASK_AFTER_MS);
  });
  input.addEventListener("keydown", steer);
  results.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest<HTMLElement>("[role='option']") : null;
    if (option) open(Number(option.dataset.at), event.ctrlKey || event.metaKey);
  });
  made.addEventListener("click", (event) => {
    if (event.target === made) made.close();
  });
  document.body.append(made);
  return made;
}

function show(): void {
  dialog ??= build();
  if (!dialog.isConnected) document.body.append(dialog);
  if (dialog.open) return;
  dialog.showModal();
  input.value = "";
  input.focus();
  void ask();
}

async function ask(): Promise<void> {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(`/palette?q=${encodeURIComponent(input.value.trim())}`, {
      headers: { Accept: "application/json" },
      signal: asked.signal,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    hits = (await answer.json()) as Hit[];
    at = 0;
    draw(input.value.trim() === "" ? "Type to find a case, record or action." : "Nothing is called that.");
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    hits = [];
    draw("The server could not be asked. Try again in a moment.");
  }
}

function draw(none: string): void {
  const lines: HTMLElement[] = [];
  let group: string | null = null;
  hits.forEach((hit, index) => {
    if (hit.group && hit.group !== group) {
      group = hit.group;
      lines.push(make("div", { class: "group", role: "presentation" }, hit.group));
    }
    const option = make("div", { role: "option", id: `palette-${index}`, "data-at": String(index), "aria-selected": "false" }, make("span", {}, hit.title));
    if (hit.detail) option.append(make("small", {}, hit.detail));
    lines.push(option);
  });
  results.replaceChildren(...(lines.length > 0 ? lines : [make("p", { class: "none" }, none)]));
  mark();
}

function mark(): void {
  for (const option of results.querySelectorAll<HTMLElement>("[role='option']")) {
    const chosen = Number(option.dataset.at) === at;
    option.setAttribute("aria-selected", String(chosen));
    if (chosen) {
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    }
  }
  if (hits.length === 0) input.removeAttribute("aria-activedescendant");
}

function steer(event: KeyboardEvent): void {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (hits.length === 0) return;
    at = (at + (event.key === "ArrowDown" ? 1 : -1) + hits.length) % hits.length;
    mark();
  } else if (event.key === "Enter") {
    event.preventDefault();
    open(at, event.ctrlKey || event.metaKey);
  }
}

function open(index: number, elsewhere: boolean): void {
  const hit = hits[index];
  if (!hit) return;
  const url = new URL(hit.href, location.href);
  if (url.origin !== location.origin) return;
  dialog?.close();
  if (elsewhere) window.open(url, "_blank", "noopener");
  else location.assign(url);
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (!document.querySelector("[data-palette]")) return;
  event.preventDefault();
  if (dialog?.open) dialog.close();
  else if (!document.querySelector("dialog:modal")) show();
});

on("click", "[data-palette]", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show();
});
