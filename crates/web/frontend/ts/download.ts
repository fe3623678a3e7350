// button[data-download]: sends its form as the browser itself does. htmx would fetch the file and have nowhere to put it.
import { make, on } from "./dom.ts";

on("click", "button[data-download]", (event, element) => {
  if (!(element instanceof HTMLButtonElement) || !element.form) return;
  event.preventDefault();
  const fields = [...new FormData(element.form, element)].flatMap(([name, value]) =>
    typeof value === "string" ? [make("input", { type: "hidden", name, value })] : [],
  );
  const sent = make("form", { method: "post", action: element.formAction, hidden: true }, ...fields);
  document.body.append(sent);
  sent.submit();
  sent.remove();
  element.closest("details")?.removeAttribute("open");
});
