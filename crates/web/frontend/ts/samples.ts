// An event is often longer than its box: the box begins at the first mark, with a line before it. Without this, one scrolls.
import { eachTime } from "./dom.ts";

eachTime((root) => {
  for (const box of root.querySelectorAll<HTMLElement>(".sample")) {
    const mark = box.querySelector("mark");
    if (!mark || box.scrollHeight <= box.clientHeight) continue;
    const above = mark.getBoundingClientRect().top - box.getBoundingClientRect().top;
    const line = mark.getBoundingClientRect().height;
    if (above > box.clientHeight - line) box.scrollTop += above - 2 * line;
  }
});
