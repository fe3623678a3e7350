// How a moment is said: near ones as a distance, today's as a time, others as a date.

export type Style = "short" | "relative" | "full" | "date";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LOCALE = "en-GB";

function part(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options });
}

function dayOf(moment: Date, zone: string | undefined): string {
  return part(zone, { year: "numeric", month: "2-digit", day: "2-digit" }).format(moment);
}

export function sayMoment(moment: Date, now: Date, style: Style, zone?: string): string {
  const clock = part(zone, { hour: "2-digit", minute: "2-digit", hour12: false }).format(moment);
  const sameYear = dayOf(moment, zone).slice(-4) === dayOf(now, zone).slice(-4);
  const date = part(zone, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }).format(moment);

  if (style === "date") return date;
  if (style === "full") return `${part(zone, { day: "numeric", month: "short", year: "numeric" }).format(moment)} ${part(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(moment)}`;

  const ago = now.getTime() - moment.getTime();
  if (style === "relative" && ago >= 0) {
    if (ago < MINUTE) return "just now";
    if (ago < HOUR) return `${Math.floor(ago / MINUTE)} min ago`;
    if (ago < 6 * HOUR) return `${Math.floor(ago / HOUR)} h ago`;
  }
  if (dayOf(moment, zone) === dayOf(now, zone)) return clock;
  if (ago > 0 && dayOf(moment, zone) === dayOf(new Date(now.getTime() - DAY), zone)) return style === "relative" ? `yesterday ${clock}` : "Yesterday";
  return date;
}

/** What is shown on hover: exact, and in UTC. */
export function sayUtc(moment: Date): string {
  return `${moment.toISOString().replace("T", " ").replace(/(\.000)?Z$/, "")} UTC`;
}
