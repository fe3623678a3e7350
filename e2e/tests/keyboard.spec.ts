// The main job without a mouse: nothing is clicked or filled by its place, everything is reached with Tab and the keys that `?` tells.
import { expect, test } from "../support/test.ts";
import { HUNTER, importLogs, setUp, signIn, signOut } from "../support/hunt.ts";
import type { Locator, Page } from "@playwright/test";

const REPORT = "The page answers from 45.77.10.9 and asks login-portal4871[.]top, its loader is 9f2c1e0b7a44d1c6ab0f2277e31d7f20.";
const EVENT = { "@timestamp": "2026-11-21T09:14:00Z", Hostname: "WS-FIN-0377", User: "CORP\\b.lindqvist", dst: "45.77.10.9" };
const LOG = { name: "proxy.jsonl", mimeType: "application/x-ndjson", buffer: Buffer.from(JSON.stringify(EVENT)) };

/** Presses Tab until it has the focus: not at all when it has it already. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 200; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`200 times Tab do not lead to ${target}`);
}

async function press(page: Page, target: Locator, key = "Enter"): Promise<void> {
  await reach(page, target);
  await page.keyboard.press(key);
}

async function type(page: Page, target: Locator, text: string): Promise<void> {
  await reach(page, target);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

test("a hunt by keyboard alone", async ({ page, server }) => {
  test.setTimeout(240_000);
  await setUp(page, server);
  await signIn(page);
  await importLogs(page, "Proxy logs", LOG);
  await signOut(page);

  // Sign in.
  await page.goto("/sign-in");
  await type(page, page.getByLabel("Account"), HUNTER.name);
  await type(page, page.getByLabel("Password"), HUNTER.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Cases", exact: true })).toBeVisible();

  // A new case.
  await page.keyboard.press("n");
  await expect(page).toHaveURL(/\/cases\/new/);
  await type(page, page.getByLabel("Name", { exact: true }), "By keyboard");
  await press(page, page.getByRole("button", { name: "Create case" }));
  await expect(page.locator(".case-head h1")).toContainText("By keyboard");

  // Its artifacts, a pasted report, its review.
  await press(page, page.getByRole("link", { name: /^Artifacts/ }));
  await expect(page).toHaveURL(/\/artifacts/);
  await page.keyboard.press("p");
  await expect(page).toHaveURL(/\/text/);
  await type(page, page.getByLabel("Title"), "Portal thieves");
  await type(page, page.getByLabel("Text", { exact: true }), REPORT);
  await press(page, page.getByRole("button", { name: "Find observables" }));
  await expect(page.getByRole("heading", { name: "Review what was found" })).toBeVisible();
  await press(page, page.getByRole("checkbox", { name: /Take 9f2c1e0b/ }), "Space");
  await expect(page.getByRole("checkbox", { name: /Take 9f2c1e0b/ })).not.toBeChecked();
  await press(page, page.getByRole("button", { name: /^Add the ticked/ }));
  await expect(page.locator("#flash")).toContainText("from Portal thieves");
  const rows = page.locator("table[data-list] tbody tr");
  await expect(rows).toHaveCount(2);

  // Exclude the row under the cursor, with a reason; undo.
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("e");
  const dialog = page.locator("dialog#exclude");
  await expect(dialog).toBeVisible();
  await expect(dialog.getByLabel("Reason")).toBeFocused();
  await type(page, dialog.getByLabel("Comment"), "our own");
  await press(page, dialog.getByRole("button", { name: "Exclude" }));
  await expect(page.locator("#flash")).toContainText("Excluded 1 artifact");
  await expect(rows).toHaveCount(1);
  await page.keyboard.press("z");
  await expect(rows).toHaveCount(2);

  // A sightings search for all of them.
  await press(page, page.getByRole("link", { name: /^Sightings/ }));
  await expect(page).toHaveURL(/\/sightings$/);
  await page.keyboard.press("n");
  await expect(page.getByRole("heading", { name: "New sightings search" })).toBeVisible();
  const all = page.getByRole("radio", { name: /All data/ });
  await reach(page, page.getByRole("radio", { checked: true }).first());
  while (!(await all.isChecked())) await page.keyboard.press("ArrowDown");
  await press(page, page.getByRole("button", { name: "Search", exact: true }));
  await expect(page.getByText("What was covered")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("link", { name: /^Seen 1/ })).toBeVisible();

  // And close it, with a verdict.
  await press(page, page.getByRole("link", { name: /^Close/ }));
  const verdict = page.getByRole("radio", { name: "Coincidence" });
  await reach(page, page.getByRole("radio").first());
  await page.keyboard.press("Space");
  while (!(await verdict.isChecked())) await page.keyboard.press("ArrowDown");
  await type(page, page.getByLabel("Closure summary"), "Two vendors share the address.");
  await press(page, page.getByRole("main").getByRole("button", { name: /^Close/ }));
  await expect(page.getByText("This case is closed")).toBeVisible();
  await expect(page.locator(".case-head")).toContainText("coincidence");
});
