// [data-copy]: copies data-copy-value, the element that [data-copy="#id"] names, or the selected rows.
// What is copied is what is shown: defanged.
import { on } from "./dom.ts";
import { say } from "./flash.ts";

function valueOf(row: Element): string {
  const cell = row.querySelector<HTMLElement>(".value");
  return (row as HTMLElement).dataset.copyValue ?? cell?.dataset.copyValue ?? cell?.title ?? cell?.textContent?.trim() ?? "";
}

function textFor(button: HTMLElement): string {
  const what = button.dataset.copy ?? "";
  if (what === "selected") {
    const form = button.closest("form") ?? document;
    return [...form.querySelectorAll("tbody > tr:has(> .check :checked)")].map(valueOf).filter(Boolean).join("\n");
  }
  if (what.startsWith("#")) return document.querySelector(what)?.textContent?.trim() ?? "";
  return button.dataset.copyValue ?? "";
}

/** The clipboard is there only over TLS and on localhost; a selection that is copied works everywhere. */
async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused: the other way.
    }
  }
  const box = document.createElement("textarea");
  const before = document.activeElement;
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

on("click", "[data-copy]", async (event, button) => {
  event.preventDefault();
  const text = textFor(button);
  if (text === "") return;
  const lines = text.split("\n").length;
  if (await copy(text)) say(lines > 1 ? `${lines} values copied.` : "Copied.", "good");
  else say("The browser did not let it be copied.", "bad");
});
