// htmx 4 with its hx-csp extension, which needs the global that htmx sets when it is loaded.
// No `hx-on`, no `js:` values and no trigger filters: the policy of the page allows no eval.
import htmx from "htmx.org";
import "htmx.org/dist/ext/hx-csp.js";
import { say } from "./flash.ts";

/** Answers that carry the form again, with what was wrong in it. All other errors are told in the flash. */
const SWAPPED_ERRORS = new Set([409, 412, 422]);

let busy = 0;

document.addEventListener("htmx:before:request", () => {
  busy += 1;
  document.documentElement.classList.add("htmx-busy");
});

document.addEventListener("htmx:finally:request", () => {
  busy = Math.max(0, busy - 1);
  if (busy === 0) document.documentElement.classList.remove("htmx-busy");
});

document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const response = ctx.response;
  if (!response || SWAPPED_ERRORS.has(response.status) || response.headers.has("HX-Retarget")) return;
  ctx.swap = "none";
  say(`${reason(response.status)} Nothing was changed, and what you typed is kept.`, "bad");
});

document.addEventListener("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  if (ctx && !ctx.response && error) say("The server could not be reached. What you typed is kept; try again in a moment.", "bad");
});

// A refusal told in the flash would stand behind the dialog that was refused.
document.addEventListener("htmx:after:swap", () => {
  const body = document.querySelector<HTMLElement>("dialog:modal .body");
  if (body) body.prepend(...document.querySelectorAll("#flash .toast.bad"));
});

function reason(status: number): string {
  switch (status) {
    case 401:
      return "You are signed out. Sign in in another tab and try again.";
    case 403:
      return "Your role does not allow this.";
    case 404:
      return "This is not here, or not for you to see.";
    case 413:
      return "That is larger than the server takes.";
    case 429:
      return "Too many requests at once. Try again in a moment.";
    case 503:
      return "The server is busy. Try again in a moment.";
    default:
      return `The server answered with an error (${status}).`;
  }
}

export default htmx;
