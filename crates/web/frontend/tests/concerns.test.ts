import assert from "node:assert/strict";
import { test } from "node:test";
import { concerns, parseChange } from "../ts/concerns.ts";

const change = { case: "SECC0001001", topic: "artifacts" };

test("case and topic must both fit", () => {
  assert.ok(concerns("case:SECC0001001 artifacts notes", change));
  assert.ok(!concerns("case:SECC0001002 artifacts", change));
  assert.ok(!concerns("case:SECC0001001 notes", change));
});

test("what is not named is not asked for", () => {
  assert.ok(concerns("case:SECC0001001", change));
  assert.ok(concerns("artifacts", change));
  assert.ok(concerns("jobs cases", { case: null, topic: "jobs" }));
  assert.ok(!concerns("case:SECC0001001", { case: null, topic: "jobs" }));
});

test("a change that is none is refused", () => {
  assert.equal(parseChange("no json"), null);
  assert.equal(parseChange('{"seq":"1","topic":"jobs"}'), null);
  assert.deepEqual(parseChange('{"seq":4,"topic":"jobs"}'), { seq: 4, case: null, topic: "jobs", actor: null });
});
