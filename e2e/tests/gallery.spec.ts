// The components, without a server: every gallery page in both themes at both widths, under the policy
// that the server sends, with axe; and what the small modules do on them.
import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test as base, type Page } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll } from "../support/accessible.ts";
import { picture } from "../support/pictures.ts";

const web = path.join(import.meta.dirname, "..", "..", "crates", "web");
const NONCE = "Z2FsbGVyeQ";
const POLICY = [
  "default-src 'none'",
  `script-src 'nonce-${NONCE}'`,
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types htmx",
].join("; ");
const TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

const PALETTE = [
  { title: "SECC0001042 Stolen sessions", detail: "Analysis", href: "/gallery-case.html", group: "Cases" },
  { title: "New case", detail: "", href: "/cases/new", group: "Actions" },
];

const test = base.extend<{ complaints: string[] }, { gallery: string }>({
  gallery: [
    async ({}, use) => {
      const manifest = JSON.parse(await readFile(path.join(web, "dist", "manifest.json"), "utf8")) as Record<string, string>;
      const server = createServer(async (request, response) => {
        const url = new URL(request.url ?? "/", "http://gallery");
        if (url.pathname.startsWith("/assets/")) {
          const name = path.basename(url.pathname);
          const body = await readFile(path.join(web, "dist", manifest[name] ?? name)).catch(() => null);
          response.writeHead(body ? 200 : 404, { "Content-Type": TYPES[path.extname(name)] ?? "text/plain" }).end(body);
        } else if (url.pathname === "/palette") {
          response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(PALETTE));
        } else if (url.pathname === "/changes") {
          // A line of changes that stays open: the test writes into it.
          response.writeHead(200, { "Content-Type": "text/event-stream" });
          response.write(": here\n\n");
          lines.add(response);
          response.on("close", () => lines.delete(response));
        } else {
          const page = await readFile(path.join(web, "frontend", path.basename(url.pathname)), "utf8").catch(() => null);
          response
            .writeHead(page ? 200 : 404, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY })
            .end(page?.replaceAll("{{nonce}}", NONCE) ?? "nothing here");
        }
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      await use(addressOf(server));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    { scope: "worker" },
  ],
  baseURL: async ({ gallery }, use) => use(gallery),
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

const lines = new Set<import("node:http").ServerResponse>();

function addressOf(server: Server): string {
  const address = server.address();
  if (!address || typeof address !== "object") throw new Error("no address");
  return `http://127.0.0.1:${address.port}`;
}

const PAGES = ["gallery", "gallery-case", "gallery-sightings", "gallery-review", "gallery-door"];

for (const name of PAGES) {
  for (const scheme of ["light", "dark"] as const) {
    test(`${name} in ${scheme}`, async ({ page }, info) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(`/${name}.html`);
      if (name === "gallery") await page.setViewportSize({ width: 1280, height: 2300 });
      if (process.env.TALL) await page.screenshot({ path: `results/pictures/tall-${name}-${scheme}.png` });
      await picture(page, info, `${name}-${scheme}`);
      for (const width of [1280, 768]) {
        await page.setViewportSize({ width, height: 800 });
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
      }
    });
  }
}

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

test("the palette finds and opens", async ({ page }) => {
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
  await page.goto("/gallery-case.html");
  const second: Page = await context.newPage();
  await second.goto(`${gallery}/gallery-case.html`);
  await expect.poll(() => lines.size).toBe(1);
  await page.locator("#r5").hover();
  await second.locator("#r5").hover();
  for (const line of lines) line.write(`data: ${JSON.stringify({ seq: 7, case: "SECC0001042", topic: "artifacts", actor: "jo" })}\n\n`);
  await expect(page.locator("[data-live-pill]")).toHaveText("1 change — show");
  await expect(second.locator("[data-live-pill]")).toHaveText("1 change — show");
  await page.close();
  await expect.poll(() => lines.size).toBe(1);
  for (const line of lines) line.write(`data: ${JSON.stringify({ seq: 8, case: "SECC0001042", topic: "artifacts", actor: "jo" })}\n\n`);
  await expect(second.locator("[data-live-pill]")).toHaveText("2 changes — show");
});
