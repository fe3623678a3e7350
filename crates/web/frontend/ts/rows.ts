// Where the rows of a list and their ticks are; shared by the keyboard and the selection.

export const ROW_TICKS = "tbody > tr > .check input[type='checkbox']";

export function ticksOf(form: ParentNode): HTMLInputElement[] {
  return [...form.querySelectorAll<HTMLInputElement>(ROW_TICKS)];
}

export function tickOf(row: Element): HTMLInputElement | null {
  return row.querySelector<HTMLInputElement>(":scope > .check input[type='checkbox']");
}

/** From one place to another, whichever comes first; both included. */
export function between<T>(items: readonly T[], from: T, to: T): T[] {
  const a = items.indexOf(from);
  const b = items.indexOf(to);
  if (a < 0 || b < 0) return b < 0 ? [] : [to];
  return items.slice(Math.min(a, b), Math.max(a, b) + 1);
}
