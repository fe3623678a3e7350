// <time datetime> in the zone of the person (data-zone on <html>, else the browser's), UTC on hover.
// The server writes UTC: that stays without JavaScript. data-time: short (default), relative, full, date, off.
import { eachTime } from "./dom.ts";
import { sayMoment, sayUtc, type Style } from "./moments.ts";

/** The zone that a person chose, if this browser knows it: one that it does not must not stop every time on the page. */
function chosenZone(): string | undefined {
  const zone = document.documentElement.dataset.zone;
  if (!zone) return undefined;
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    return zone;
  } catch {
    return undefined;
  }
}

function tell(): void {
  const now = new Date();
  const zone = chosenZone();
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const style = element.dataset.time ?? "short";
    if (style === "off") continue;
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const text = sayMoment(moment, now, style as Style, zone);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = sayUtc(moment);
  }
}

eachTime(tell);
setInterval(() => {
  if (!document.hidden) tell();
}, 30_000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tell();
});
