// What is typed into [data-draft="key"] is kept in the browser until the form was taken by the server.
import { eachTime, make, memory, on } from "./dom.ts";

interface Draft {
  text: string;
  /** What the field held when the typing began: a draft of an older text is offered, not put in. */
  base: string;
  at: number;
}

type Field = HTMLInputElement | HTMLTextAreaElement;

const PREFIX = "vizsla:draft:";
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;
const dealtWith = new WeakSet<Field>();

function keyOf(field: HTMLElement): string {
  return `${PREFIX}${document.body.dataset.account ?? ""}:${field.dataset.draft ?? ""}`;
}

function read(key: string): Draft | null {
  try {
    const draft = JSON.parse(memory.get(key) ?? "null") as Draft | null;
    return draft && typeof draft.text === "string" ? draft : null;
  } catch {
    return null;
  }
}

function noteFor(field: Field, text: string, ...actions: HTMLElement[]): void {
  field.parentElement?.querySelector(":scope > [data-draft-note]")?.remove();
  field.after(make("p", { class: "help row", "data-draft-note": true }, text, ...actions));
}

function action(label: string, run: () => void): HTMLButtonElement {
  const button = make("button", { type: "button", class: "button quiet small" }, label);
  button.addEventListener("click", () => {
    button.closest("[data-draft-note]")?.remove();
    run();
  });
  return button;
}

function put(field: Field, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function restore(field: Field): void {
  if (dealtWith.has(field)) return;
  dealtWith.add(field);
  const key = keyOf(field);
  const draft = read(key);
  if (!draft || draft.text === field.value) return;
  const discard = action("Discard", () => {
    put(field, field.defaultValue);
    memory.remove(key);
  });
  if (draft.base === field.defaultValue && field.value === field.defaultValue) {
    put(field, draft.text);
    noteFor(field, "What you had typed is here again.", discard);
  } else {
    noteFor(field, "You had typed something before this text was changed.", action("Put mine in", () => put(field, draft.text)), discard);
  }
}

function forget(root: ParentNode): void {
  for (const field of root.querySelectorAll<Field>("[data-draft]")) {
    memory.remove(keyOf(field));
    field.parentElement?.querySelector(":scope > [data-draft-note]")?.remove();
  }
}

on("input", "[data-draft]", (_, element) => {
  const field = element as Field;
  const key = keyOf(field);
  if (field.value === field.defaultValue) {
    memory.remove(key);
    return;
  }
  const base = read(key)?.base ?? field.defaultValue;
  memory.set(key, JSON.stringify({ text: field.value, base: dealtWith.has(field) ? base : field.defaultValue, at: Date.now() } satisfies Draft));
});

// Taken by the server: with htmx here, and else the next page names what it took.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.request.method === "GET" || !ctx.response?.raw.ok) return;
  const form = ctx.request.form ?? ctx.sourceElement.closest("form");
  if (form instanceof HTMLFormElement) forget(form);
});

eachTime(() => {
  for (const marker of document.querySelectorAll<HTMLElement>("[data-draft-clear]")) {
    for (const name of (marker.dataset.draftClear ?? "").split(/\s+/)) {
      memory.remove(`${PREFIX}${document.body.dataset.account ?? ""}:${name}`);
    }
    marker.removeAttribute("data-draft-clear");
  }
  for (const field of document.querySelectorAll<Field>("[data-draft]")) restore(field);
});

for (const key of memory.keys(PREFIX)) {
  const draft = read(key);
  if (!draft || Date.now() - draft.at > KEPT_MS) memory.remove(key);
}
