import assert from "node:assert/strict";
import { test } from "node:test";
import { sayMoment, sayUtc } from "../ts/moments.ts";

const now = new Date("2026-11-24T09:30:00Z");
const at = (text: string) => new Date(text);

test("today is a time, yesterday a word, other days a date", () => {
  assert.equal(sayMoment(at("2026-11-24T08:14:00Z"), now, "short", "UTC"), "08:14");
  assert.equal(sayMoment(at("2026-11-23T08:14:00Z"), now, "short", "UTC"), "Yesterday");
  assert.equal(sayMoment(at("2026-11-20T08:14:00Z"), now, "short", "UTC"), "20 Nov");
  assert.equal(sayMoment(at("2025-11-20T08:14:00Z"), now, "short", "UTC"), "20 Nov 2025");
});

test("the day is the day of the person's zone", () => {
  assert.equal(sayMoment(at("2026-11-23T23:30:00Z"), now, "short", "Europe/Budapest"), "00:30");
  assert.equal(sayMoment(at("2026-11-23T23:30:00Z"), now, "short", "UTC"), "Yesterday");
});

test("near moments are a distance when asked for", () => {
  assert.equal(sayMoment(at("2026-11-24T09:29:40Z"), now, "relative", "UTC"), "just now");
  assert.equal(sayMoment(at("2026-11-24T09:28:00Z"), now, "relative", "UTC"), "2 min ago");
  assert.equal(sayMoment(at("2026-11-24T07:28:00Z"), now, "relative", "UTC"), "2 h ago");
  assert.equal(sayMoment(at("2026-11-23T07:28:00Z"), now, "relative", "UTC"), "yesterday 07:28");
});

test("a moment that is yet to come is not called past", () => {
  assert.equal(sayMoment(at("2026-11-24T11:00:00Z"), now, "relative", "UTC"), "11:00");
  assert.equal(sayMoment(at("2026-11-25T11:00:00Z"), now, "short", "UTC"), "25 Nov");
});

test("full has the seconds, and hover has UTC", () => {
  assert.equal(sayMoment(at("2026-11-24T08:14:05Z"), now, "full", "Europe/Budapest"), "24 Nov 2026 09:14:05");
  assert.equal(sayUtc(at("2026-11-24T08:14:05Z")), "2026-11-24 08:14:05 UTC");
  assert.equal(sayUtc(at("2026-11-24T08:14:05.250Z")), "2026-11-24 08:14:05.250 UTC");
});
