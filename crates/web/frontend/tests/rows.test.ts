import assert from "node:assert/strict";
import { test } from "node:test";
import { between } from "../ts/rows.ts";

test("a range goes either way and has both ends", () => {
  assert.deepEqual(between([1, 2, 3, 4, 5], 2, 4), [2, 3, 4]);
  assert.deepEqual(between([1, 2, 3, 4, 5], 4, 2), [2, 3, 4]);
  assert.deepEqual(between([1, 2, 3], 2, 2), [2]);
});

test("when its beginning is gone, only the end is left", () => {
  assert.deepEqual(between([1, 2, 3], 9, 2), [2]);
});
