// [data-opens="#id"] shows a dialog of the page. A dialog that the server sent open, with
// data-modal, becomes modal; without JavaScript it stands in the page as it is.
import { eachTime, on } from "./dom.ts";

on("click", "[data-opens]", (event, opener) => {
  const dialog = document.querySelector(opener.dataset.opens ?? "");
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  if (!dialog.open) dialog.showModal();
});

on("click", "[data-closes]", (event, closer) => {
  const dialog = closer.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});

// A form with method=dialog inside htmx: the browser closes it, nothing is sent.
on("close" as keyof DocumentEventMap, "dialog[data-once]", (_, dialog) => dialog.remove(), { capture: true });

eachTime((root) => {
  for (const dialog of root.querySelectorAll<HTMLDialogElement>("dialog[data-modal][open]")) {
    if (dialog.matches(":modal")) continue;
    dialog.close();
    dialog.showModal();
  }
});

// A form that was carried out closes the dialog that it stands in, or that asked for more of it.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.request.method === "GET" || !ctx.response?.raw.ok) return;
  ctx.sourceElement.closest("dialog")?.close();
  for (const dialog of ctx.sourceElement.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
});
