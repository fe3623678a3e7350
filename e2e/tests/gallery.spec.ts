// The components, without a server: every gallery page in both themes at both widths, under the policy
// that the server sends, with axe; and what the small modules do on them.
import type { Page } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll } from "../support/accessible.ts";
import { expect, test } from "../support/gallery.ts";
import { picture } from "../support/pictures.ts";

const PALETTE = [
  { title: "SECC0001042 Stolen sessions", detail: "Analysis", href: "/gallery-case.html", group: "Cases" },
  { title: "New case", detail: "", href: "/cases/new", group: "Actions" },
];

const PAGES = ["gallery", "gallery-case", "gallery-sightings", "gallery-review", "gallery-door"];

for (const name of PAGES) {
  for (const scheme of ["light", "dark"] as const) {
    test(`${name} in ${scheme}`, async ({ page }, info) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(`/${name}.html`);
      await picture(page, info, `${name}-${scheme}`);
      for (const width of [1280, 768]) {
        await page.setViewportSize({ width, height: 800 });
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
      }
    });
  }
}

test("without JavaScript ticks show the bar, and nothing is offered that would not work", async ({ browser, gallery }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 768, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${gallery.url}/gallery-case.html`);
  await expect(page.locator(".selection")).toBeVisible();
  await expect(page.getByRole("button", { name: "Copy" }).first()).toBeHidden();
  await page.locator("#r2 input").uncheck();
  await page.locator("#r3 input").uncheck();
  await expect(page.locator(".selection")).toBeHidden();
  await page.getByRole("button", { name: "Menu" }).click();
  await expect(page.getByRole("link", { name: "Settings" })).toBeVisible();
  await context.close();
});

test("a theme that was chosen outlives a reload", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/gallery-case.html");
  await page.getByLabel("your account").click();
  await page.getByRole("button", { name: "Dark" }).click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("keys move, tick, search, go and help", async ({ page }) => {
  await page.goto("/gallery-case.html");
  await page.keyboard.press("/");
  await expect(page.locator("[data-search]")).toBeFocused();
  await page.keyboard.press("j");
  await expect(page.locator("[data-search]")).toHaveValue("j");
  await page.locator("[data-search]").fill("");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await expect(page.locator("#r2")).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.locator("#r2 input")).not.toBeChecked();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await expect(page.locator("#r3")).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.waitForURL("**/cases");
});

test("a range of rows, all that match, and nothing", async ({ page }) => {
  await page.goto("/gallery-case.html");
  const bar = page.locator(".selection");
  await expect(bar).toContainText("2 selected");
  await page.locator("#r4 input").click();
  await page.locator("#r9 input").click({ modifiers: ["Shift"] });
  await expect(bar).toContainText("8 selected");
  await page.getByLabel("Select every row shown").check();
  await page.getByLabel("all 1,204 that match").check();
  await expect(bar).toContainText("1,204 selected");
  await page.locator("#r4 input").uncheck();
  await expect(page.locator("input[name='all_matching']")).not.toBeChecked();
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(bar).toBeHidden();
});

test("the palette finds and opens", async ({ page, gallery }) => {
  gallery.routes.set("/palette", () => ({ body: PALETTE }));
  await page.goto("/gallery.html");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find" }).fill("stolen");
  await expect(page.getByRole("listbox").getByRole("option").first()).toHaveAttribute("aria-selected", "true");
  await expectAccessible(page, { within: "dialog" });
  await page.keyboard.press("Enter");
  await page.waitForURL("**/gallery-case.html");
});

test("what was typed outlives a reload and is not forced on a text that changed", async ({ page }) => {
  await page.goto("/gallery.html");
  const field = page.getByLabel("Description", { exact: true });
  await field.fill("An unfinished thought");
  await page.reload();
  await expect(field).toHaveValue("An unfinished thought");
  await expect(page.getByText("What you had typed is here again.")).toBeVisible();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.reload();
  await expect(field).toHaveValue("");
});

test("a tick in the review strikes its mark through", async ({ page }) => {
  await page.goto("/gallery-review.html");
  await expect(page.locator("#f1")).not.toHaveClass(/off/);
  await page.locator("#find-1 input").uncheck();
  await expect(page.locator("#f1")).toHaveClass(/off/);
  await page.locator("#f3").click();
  await expect(page.locator("#find-3")).toHaveClass(/open/);
});

test("a change is announced, not forced on a list in use; two tabs hold one line", async ({ page, context, gallery }) => {
  const change = (seq: number) => ({ seq, case: "SECC0001042", topic: "artifacts", actor: "jo" });
  await page.goto("/gallery-case.html");
  const second: Page = await context.newPage();
  await second.goto(`${gallery.url}/gallery-case.html`);
  await expect.poll(() => gallery.lines.size).toBe(1);
  await page.locator("#r5").hover();
  await second.locator("#r5").hover();
  gallery.tell(change(7));
  await expect(page.locator("[data-live-pill]")).toHaveText("1 change — show");
  await expect(second.locator("[data-live-pill]")).toHaveText("1 change — show");
  await page.close();
  await expect.poll(() => [...gallery.lines.values()]).toEqual(["7"]);
  gallery.tell(change(8));
  await expect(second.locator("[data-live-pill]")).toHaveText("2 changes — show");
});

test("a hidden tab hands the line on, and comes back to what it missed", async ({ page, context, gallery }) => {
  const hide = (of: Page, hidden: boolean) =>
    of.evaluate((value) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const change = (seq: number) => ({ seq, case: "SECC0001042", topic: "artifacts", actor: "jo" });

  await page.goto("/gallery-case.html");
  await expect.poll(() => gallery.lines.size).toBe(1);
  gallery.tell(change(20));
  await page.locator("#r5").hover();
  const second: Page = await context.newPage();
  await second.goto(`${gallery.url}/gallery-case.html`);

  await hide(page, true);
  await expect.poll(() => gallery.lines.size).toBe(1);
  await hide(second, true);
  await expect.poll(() => gallery.lines.size).toBe(0);

  await hide(page, false);
  await expect.poll(() => [...gallery.lines.values()]).toEqual(["20"]);
  gallery.tell(change(21));
  await expect(page.locator("[data-live-pill]")).toBeVisible();
});
