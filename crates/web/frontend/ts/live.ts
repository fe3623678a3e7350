// One EventSource a browser, whichever tab holds it, and none while every tab is hidden.
//
// The tab with the Web Lock listens to /changes and passes on what it hears over a
// BroadcastChannel; a tab that is hidden lets the lock go. Each tab knows the last change that it
// has seen (data-seq on <body> at first), so a tab that comes back asks from there and misses none.
import htmx from "./htmx.ts";
import { concerns, parseChange, type Change } from "./concerns.ts";
import { eachTime, on, plural } from "./dom.ts";

const LOCK = "vizsla:changes";
const GATHER_MS = 250;
const OWN_MS = 4_000;
const RETRY_MS = [2_000, 5_000, 15_000, 60_000];

let seen = Number(document.body.dataset.seq ?? NaN);
let leading: { close(): void; from: number } | null = null;
let release: (() => void) | null = null;
let asking: AbortController | null = null;
let failures = 0;
let ownChange = -Infinity;
/** Changes of this page that are under way: the news of them may come before their answer. */
let changing = 0;

const channel = new BroadcastChannel("vizsla:changes");

type Message = { change: Change } | { since: number };

channel.addEventListener("message", (event: MessageEvent<Message>) => {
  if ("change" in event.data) hear(event.data.change);
  // Another tab has seen less: it came back from before this one began to listen, or what was passed on came while it
  // was being loaded.
  else if (leading && (event.data.since < leading.from || event.data.since < seen)) listen(event.data.since);
});

function hear(change: Change): void {
  if (change.seq <= seen) return;
  seen = change.seq;
  for (const element of document.querySelectorAll<HTMLElement>("[data-live]")) {
    if (!concerns(element.dataset.live ?? "", change)) continue;
    const event = new CustomEvent("vizsla:changed", { detail: change, bubbles: true, cancelable: true });
    if (element.dispatchEvent(event)) note(element, change);
  }
}

// Listening

function listen(after: number): void {
  leading?.close();
  const url = Number.isFinite(after) ? `/changes?after=${after}` : "/changes";
  const source = new EventSource(url);
  leading = { close: () => source.close(), from: after };
  source.addEventListener("open", () => {
    failures = 0;
  });
  source.addEventListener("message", (event: MessageEvent<string>) => {
    const change = parseChange(event.data);
    if (!change) return;
    channel.postMessage({ change } satisfies Message);
    hear(change);
  });
  source.addEventListener("error", () => {
    // The browser tries again by itself, unless the answer was no.
    if (source.readyState !== EventSource.CLOSED) return;
    const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
    failures += 1;
    setTimeout(() => {
      if (leading) listen(seen);
    }, wait);
  });
}

async function lead(): Promise<void> {
  if (asking || release || !navigator.locks) return;
  asking = new AbortController();
  try {
    await navigator.locks.request(LOCK, { signal: asking.signal }, () => {
      asking = null;
      listen(seen);
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
  } catch {
    // Hidden before it was its turn.
  } finally {
    asking = null;
  }
}

function follow(): void {
  asking?.abort();
  leading?.close();
  leading = null;
  release?.();
  release = null;
}

function look(): void {
  if (document.hidden) {
    follow();
    return;
  }
  if (Number.isFinite(seen)) channel.postMessage({ since: seen } satisfies Message);
  void lead();
  for (const element of waiting.keys()) settle(element);
}

// Showing

/** Changes that have not been shown yet, by element. */
const waiting = new Map<HTMLElement, { count: number; own: boolean }>();
const timers = new WeakMap<HTMLElement, number>();

function note(element: HTMLElement, change: Change): void {
  if (element.dataset.liveRefresh === undefined && element.dataset.liveUrl === undefined) return;
  const own = change.actor !== null && change.actor === document.body.dataset.account && (changing > 0 || performance.now() - ownChange < OWN_MS);
  const known = waiting.get(element) ?? { count: 0, own: true };
  waiting.set(element, { count: known.count + (own ? 0 : 1), own: known.own && own });
  clearTimeout(timers.get(element));
  timers.set(element, window.setTimeout(() => settle(element), GATHER_MS));
}

/** Shows at once where nothing can be disturbed; otherwise says that there is something. */
function settle(element: HTMLElement): void {
  const state = waiting.get(element);
  if (!state) return;
  if (!element.isConnected) {
    waiting.delete(element);
    return;
  }
  if (document.hidden) return;
  if (state.own && element.dataset.liveRefresh !== "now") {
    // It was done here, and the answer has shown it already.
    waiting.delete(element);
  } else if (element.dataset.liveRefresh === "now" || isQuiet(element)) {
    void refresh(element);
  } else {
    offer(element, state.count);
  }
}

function isQuiet(element: HTMLElement): boolean {
  if (element.dataset.liveRefresh === "pill") return false;
  if (element.matches(":hover") || element.contains(document.activeElement)) return false;
  if (element.querySelector("details[open], dialog[open], .cursor, .htmx-request")) return false;
  const scroller = element.closest(".scroll") ?? element.querySelector(".scroll");
  if (scroller && scroller.scrollTop > 0) return false;
  return ![...element.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input:not([type='hidden'], [type='checkbox']), textarea")].some(
    (field) => field.value !== field.defaultValue,
  );
}

function pillOf(element: HTMLElement): HTMLElement | null {
  return element.querySelector<HTMLElement>("[data-live-pill]") ?? element.parentElement?.querySelector<HTMLElement>(":scope > [data-live-pill]") ?? null;
}

function offer(element: HTMLElement, count: number): void {
  const pill = pillOf(element);
  if (!pill) return;
  pill.textContent = `${plural(count, pill.dataset.one ?? "change", pill.dataset.many ?? "changes")} — show`;
  pill.hidden = false;
}

/** What a refresh of a part of the page asked for: of no use once the page is about something else. */
const asked = new WeakMap<HTMLElement, string>();

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const url = asked.get(ctx.sourceElement as HTMLElement);
  if (url !== undefined && ctx.request.method === "GET" && url !== location.pathname + location.search) event.preventDefault();
});

async function refresh(element: HTMLElement): Promise<void> {
  waiting.delete(element);
  const pill = pillOf(element);
  if (pill) pill.hidden = true;
  const url = element.dataset.liveUrl || location.pathname + location.search;
  const whole = !element.dataset.liveUrl && element.id !== "";
  if (whole) asked.set(element, url);
  await htmx.ajax("GET", url, {
    source: element,
    target: element,
    swap: element.dataset.liveSwap ?? "outerMorph",
    push: "false",
    ...(whole ? { select: `#${CSS.escape(element.id)}` } : {}),
  });
  asked.delete(element);
}

on("click", "[data-live-pill]", (_, pill) => {
  const element = pill.closest<HTMLElement>("[data-live]") ?? pill.parentElement?.querySelector<HTMLElement>(":scope > [data-live]");
  if (!element) return;
  const scroller = pill.closest(".scroll");
  void refresh(element).then(() => {
    if (scroller?.isConnected) scroller.scrollTop = 0;
  });
});

document.addEventListener("htmx:before:request", (event) => {
  if (event.detail.ctx.request.method !== "GET") changing += 1;
});

document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.request.method === "GET") return;
  changing = Math.max(0, changing - 1);
  ownChange = performance.now();
});

// Only pages that show something live, and only while someone looks at them.
let started = false;
eachTime(() => {
  if (started || !document.querySelector("[data-live]")) return;
  started = true;
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", follow);
  window.addEventListener("pageshow", look);
  look();
});
