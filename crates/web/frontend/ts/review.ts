// The report and its finds: a tick strikes a mark through or not, a mark points at its row.
import { eachTime, on } from "./dom.ts";
import { tickOf } from "./rows.ts";

function marksOf(find: string): NodeListOf<HTMLElement> {
  return document.querySelectorAll<HTMLElement>(`.report mark[data-find="${CSS.escape(find)}"]`);
}

function rowOf(find: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`.finds tr[data-find="${CSS.escape(find)}"]`);
}

function strike(row: HTMLElement): void {
  const tick = tickOf(row);
  for (const mark of marksOf(row.dataset.find ?? "")) mark.classList.toggle("off", tick?.checked === false);
}

function pointAt(find: string): void {
  for (const mark of document.querySelectorAll(".report mark.at")) mark.classList.remove("at");
  for (const row of document.querySelectorAll(".finds tr.open")) row.classList.remove("open");
  for (const mark of marksOf(find)) mark.classList.add("at");
  rowOf(find)?.classList.add("open");
}

on("change", ".finds tr[data-find] .check input", (_, tick) => {
  const row = tick.closest<HTMLElement>("tr[data-find]");
  if (row) strike(row);
});

on("click", ".report mark[data-find]", (_, mark) => {
  const find = mark.dataset.find ?? "";
  pointAt(find);
  rowOf(find)?.scrollIntoView({ block: "nearest" });
});

function lookAt(row: HTMLElement): void {
  const find = row.dataset.find ?? "";
  pointAt(find);
  marksOf(find)[0]?.scrollIntoView({ block: "center" });
}

on("click", ".finds tr[data-find] .value a", (event, link) => {
  const row = link.closest<HTMLElement>("tr[data-find]");
  if (!row) return;
  event.preventDefault();
  lookAt(row);
});

on("focusin", ".finds tr[data-find]", (_, row) => lookAt(row));

// All at once: a report may have thousands of marks, and looking for those of each row takes seconds.
function strikeAll(): void {
  const unticked = new Set<string>();
  for (const row of document.querySelectorAll<HTMLElement>(".finds tr[data-find]")) {
    if (tickOf(row)?.checked === false) unticked.add(row.dataset.find ?? "");
  }
  for (const mark of document.querySelectorAll<HTMLElement>(".report mark[data-find]")) {
    mark.classList.toggle("off", unticked.has(mark.dataset.find ?? ""));
  }
}

function count(): void {
  const said = document.querySelector<HTMLElement>("[data-find-count]");
  if (said) said.textContent = document.querySelectorAll(".finds tr[data-find] .check input:checked").length.toLocaleString("en");
}


eachTime(() => {
  strikeAll();
  count();
});
