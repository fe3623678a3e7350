// Ticked rows of form[data-selection]. The ticks are the truth, so the form works without this;
// here come ranges, counts, "all that match", and a selection that outlives a swap of its rows.
import { eachTime, make, on, plural } from "./dom.ts";
import { between, ROW_TICKS, ticksOf } from "./rows.ts";

/** What was ticked, by form, in the order of ticking. */
const picked = new Map<string, Set<string>>();
let last: HTMLInputElement | null = null;

function keyOf(form: HTMLFormElement): string {
  return form.dataset.selection || form.id || form.action;
}

function formOf(element: Element): HTMLFormElement | null {
  return element.closest<HTMLFormElement>("form[data-selection]");
}

function pickedIn(form: HTMLFormElement): Set<string> {
  const key = keyOf(form);
  let set = picked.get(key);
  if (!set) {
    set = new Set();
    picked.set(key, set);
  }
  return set;
}

function allMatching(form: HTMLFormElement): HTMLInputElement | null {
  return form.querySelector<HTMLInputElement>("input[name='all_matching']");
}

/** Brings count, header tick, bar and hidden inputs in line with the ticks. */
function show(form: HTMLFormElement): void {
  const ticks = ticksOf(form);
  const set = pickedIn(form);
  const here = new Set(ticks.map((tick) => tick.value));
  const ticked = ticks.filter((tick) => tick.checked).length;
  const away = [...set].filter((value) => !here.has(value));
  const total = Number(form.querySelector<HTMLElement>("[data-select-matching]")?.dataset.selectMatching ?? 0);
  const whole = ticks.length > 0 && ticked === ticks.length;

  const header = form.querySelector<HTMLInputElement>("[data-select-all]");
  if (header) {
    header.checked = whole;
    header.indeterminate = ticked > 0 && !whole;
  }

  const matching = allMatching(form);
  const offer = form.querySelector<HTMLElement>("[data-select-matching]");
  if (matching && !whole) matching.checked = false;
  if (offer) offer.hidden = !whole || total <= ticks.length;

  keep(form, away, ticks[0]?.name ?? "record");
  form.classList.toggle("has-selection", ticked + away.length > 0);

  const all = matching?.checked ? total : ticked + away.length;
  const text = `${plural(all, "selected", "selected")}${away.length && !matching?.checked ? `, ${away.length} not shown` : ""}`;
  for (const count of form.querySelectorAll("[data-selected-count]")) {
    if (count.textContent !== text) count.textContent = text;
  }
  form.dispatchEvent(new CustomEvent("vizsla:selection", { bubbles: true, detail: { count: ticked + away.length } }));
}

/** Rows that a search or a page took away stay selected, as hidden inputs. */
function keep(form: HTMLFormElement, values: string[], name: string): void {
  let box = form.querySelector<HTMLElement>("[data-selection-kept]");
  if (!box) {
    if (values.length === 0) return;
    box = make("div", { "data-selection-kept": true, hidden: true });
    form.append(box);
  }
  box.replaceChildren(...values.map((value) => make("input", { type: "hidden", name, value })));
}

function set(form: HTMLFormElement, ticks: HTMLInputElement[], checked: boolean): void {
  const values = pickedIn(form);
  for (const tick of ticks) {
    tick.checked = checked;
    if (checked) values.add(tick.value);
    else values.delete(tick.value);
  }
}

function clear(form: HTMLFormElement): void {
  picked.delete(keyOf(form));
  for (const tick of ticksOf(form)) tick.checked = false;
  const matching = allMatching(form);
  if (matching) matching.checked = false;
  last = null;
  show(form);
}

on("click", `form[data-selection] ${ROW_TICKS}`, (event, element) => {
  const tick = element as HTMLInputElement;
  const form = formOf(tick);
  if (!form) return;
  const range = event.shiftKey && last?.isConnected ? between(ticksOf(form), last, tick) : [tick];
  set(form, range, tick.checked);
  last = tick;
  show(form);
  for (const other of range) {
    if (other !== tick) other.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

on("change", "form[data-selection] [data-select-all]", (_, element) => {
  const form = formOf(element);
  if (!form) return;
  const ticks = ticksOf(form);
  set(form, ticks, (element as HTMLInputElement).checked);
  show(form);
  for (const tick of ticks) tick.dispatchEvent(new Event("change", { bubbles: true }));
});

on("change", "form[data-selection] input[name='all_matching']", (_, element) => {
  const form = formOf(element);
  if (form) show(form);
});

on("click", "[data-select-none]", (event, element) => {
  const form = formOf(element);
  if (!form) return;
  event.preventDefault();
  clear(form);
});

// What was selected has been dealt with: the server says so, or the form itself was sent.
document.addEventListener("vizsla:selection-clear", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-selection]")) clear(form);
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const form = ctx.request.form;
  if (ctx.request.method === "GET" || !ctx.response?.raw.ok) return;
  if (form instanceof HTMLFormElement && form.matches("[data-selection][data-selection-ends]")) clear(form);
});

eachTime(() => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-selection]")) {
    const values = pickedIn(form);
    for (const tick of ticksOf(form)) {
      if (values.has(tick.value)) tick.checked = true;
      else if (tick.checked) values.add(tick.value);
    }
    show(form);
  }
});
