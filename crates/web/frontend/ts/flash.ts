// The region that says what happened: #flash, which the server fills too.
import { eachTime, make, on } from "./dom.ts";

export type Kind = "good" | "bad" | "warn" | "info";

export function say(text: string, kind: Kind = "info"): void {
  const region = document.getElementById("flash");
  if (!region) return;
  for (const toast of region.querySelectorAll<HTMLElement>(".toast[data-said]")) {
    if (toast.dataset.said === text) toast.remove();
  }
  const dismiss = make("button", { type: "button", class: "button quiet small", "data-dismiss": true, "aria-label": "Dismiss" }, "×");
  region.append(make("div", { class: `toast ${kind}`, "data-said": text, "data-fades": kind === "good" }, make("p", {}, text), dismiss));
  fade();
}

on("click", "[data-dismiss]", (_, button) => button.closest(".toast, .banner")?.remove());

/** A message that asks for nothing goes by itself, unless it is being read. */
const FADES_AFTER_MS = 10_000;
const timed = new WeakSet<Element>();

function fade(): void {
  for (const toast of document.querySelectorAll(".toast[data-fades]")) {
    if (timed.has(toast)) continue;
    timed.add(toast);
    const go = () => {
      if (toast.matches(":hover, :focus-within")) setTimeout(go, 2_000);
      else toast.remove();
    };
    setTimeout(go, FADES_AFTER_MS);
  }
}

eachTime(fade);

// What was done is said once: not again by a reload, nor to whom the link is sent.
eachTime(() => {
  const url = new URL(location.href);
  if (!url.searchParams.has("did") && !url.searchParams.has("saved")) return;
  url.searchParams.delete("did");
  url.searchParams.delete("saved");
  history.replaceState(history.state, "", url);
});
