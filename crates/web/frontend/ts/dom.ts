// The few helpers that the modules share. Nothing here parses HTML from a string.

export type Child = Node | string;

/** An element with attributes and children; text stays text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Listens on the document for events in whatever matches now or later. */
export function on<K extends keyof DocumentEventMap, E extends HTMLElement = HTMLElement>(
  type: K,
  selector: string,
  handler: (event: DocumentEventMap[K], element: E) => void,
  options?: AddEventListenerOptions,
): void {
  document.addEventListener(
    type,
    (event) => {
      const element = event.target instanceof Element ? event.target.closest<E>(selector) : null;
      if (element) handler(event, element);
    },
    options,
  );
}

/** Now, and again for what was swapped in. */
export function eachTime(run: (root: ParentNode) => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => run(document), { once: true });
  else run(document);
  document.addEventListener("htmx:after:swap", () => run(document));
}

/** Whether keys belong to the control that has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  return !["button", "checkbox", "file", "image", "radio", "reset", "submit"].includes(target.type);
}

/** On screen and to be used. */
export function isUsable(element: Element): boolean {
  return element.checkVisibility({ visibilityProperty: true }) && !element.matches(":disabled, [aria-disabled='true']");
}

export function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Storage may be full or forbidden: then nothing is remembered, and nothing breaks. */
export const memory = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Full or forbidden.
    }
  },
  remove(key: string): void {
    try {
      localStorage.removeItem(key);
    } catch {
      // Forbidden.
    }
  },
  keys(prefix: string): string[] {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  },
};
