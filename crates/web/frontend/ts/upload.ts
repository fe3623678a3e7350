// Files may be dropped on [data-drop], and form[data-upload] shows how far it is.
import { make, on } from "./dom.ts";
import { say } from "./flash.ts";

function inputOf(area: HTMLElement): HTMLInputElement | null {
  return area.querySelector<HTMLInputElement>("input[type='file']");
}

on("dragover", "[data-drop]", (event, area) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  area.classList.add("over");
});

on("dragleave", "[data-drop]", (event, area) => {
  if (!(event.relatedTarget instanceof Node && area.contains(event.relatedTarget))) area.classList.remove("over");
});

on("drop", "[data-drop]", (event, area) => {
  area.classList.remove("over");
  const input = inputOf(area);
  const files = event.dataTransfer?.files;
  if (!input || !files || files.length === 0) return;
  event.preventDefault();
  if (files.length > 1 && !input.multiple) {
    say("One file at a time, please.", "warn");
    return;
  }
  input.files = files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});

on("submit", "form[data-upload]", (event, element) => {
  const form = element as HTMLFormElement;
  if (event.defaultPrevented || form.hasAttribute("hx-post")) return;
  event.preventDefault();
  const submitter = event.submitter instanceof HTMLElement ? event.submitter : null;
  send(form, submitter);
});

function send(form: HTMLFormElement, submitter: HTMLElement | null): void {
  const bar = make("progress", { max: "1", value: "0", "aria-label": "Upload" });
  const said = make("p", {}, "Uploading…");
  const stop = make("button", { type: "button", class: "button small" }, "Cancel");
  const job = make("div", { class: "job" }, make("header", {}, make("b", {}, "Upload"), stop), bar, said);
  const request = new XMLHttpRequest();
  const end = (text?: string) => {
    job.remove();
    submitter?.removeAttribute("disabled");
    if (text) say(text, "bad");
  };

  stop.addEventListener("click", () => request.abort());
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = event.loaded / event.total;
    said.textContent = `${megabytes(event.loaded)} of ${megabytes(event.total)} MB`;
  });
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value");
    said.textContent = "The server is looking at it…";
  });
  request.addEventListener("load", () => {
    if (request.status < 400) location.assign(request.responseURL || form.action);
    else end(problem(request));
  });
  request.addEventListener("error", () => end("The connection broke off. Nothing was taken; try again."));
  request.addEventListener("abort", () => end("Cancelled. Nothing was taken."));

  const body = new FormData(form, submitter);
  request.open(form.method, form.action);
  request.setRequestHeader("Accept", "text/html, application/problem+json;q=0.9");
  submitter?.setAttribute("disabled", "");
  form.append(job);
  request.send(body);
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toLocaleString("en", { maximumFractionDigits: 1 });
}

function problem(request: XMLHttpRequest): string {
  try {
    const answer = JSON.parse(request.responseText) as { title?: string; detail?: string };
    return answer.detail ?? answer.title ?? `The server answered with an error (${request.status}).`;
  } catch {
    return `The server answered with an error (${request.status}). Nothing was taken.`;
  }
}
