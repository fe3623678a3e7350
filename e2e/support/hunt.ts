// The hunter's main job, step by step, as `analyst`: used by the walk on a small log of our own and by acceptance on a real one.
import { expect, type Page } from "@playwright/test";
import type { Server } from "./server.ts";

export const ADMIN = { name: "admin", password: "the first account of this server" };
export const HUNTER = { name: "ada", display: "Ada Kovács", password: "follows the trail quietly" };

/** First run: the link that the server prints, the first account, and an analyst's account made in the settings. */
export async function setUp(page: Page, server: Server): Promise<void> {
  await page.goto(server.setupLink() ?? "/setup");
  await page.getByLabel("Your name").fill("Administrator");
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Create the account" }).click();
  await expect(page.getByRole("heading", { name: "Cases", exact: true })).toBeVisible();
  await page.goto("/settings/accounts/new");
  await page.getByLabel("Login name").fill(HUNTER.name);
  await page.getByLabel("Display name").fill(HUNTER.display);
  await page.getByLabel("Role").selectOption("analyst");
  await page.getByLabel("First password").fill(HUNTER.password);
  await page.getByRole("main").getByRole("button", { name: /Create/ }).click();
  await expect(page.getByRole("main").getByText(HUNTER.name, { exact: true }).first()).toBeVisible();
  await signOut(page);
}

export async function signOut(page: Page): Promise<void> {
  await page.locator("details.account summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
}

export async function signIn(page: Page, who = HUNTER): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Account").fill(who.name);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Cases", exact: true })).toBeVisible();
}

/** Opens a case and answers its number. */
export async function openCase(page: Page, name: string): Promise<string> {
  await page.goto("/cases");
  await page.getByRole("link", { name: "New case" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create case" }).click();
  await expect(page.locator(".case-head h1")).toContainText(name);
  return (await page.locator(".case-head h1 .mono").innerText()).trim();
}

/** Pastes a report and stops at its review. */
export async function pasteReport(page: Page, number: string, title: string, text: string): Promise<void> {
  await page.goto(`/cases/${number}/artifacts`);
  await page.getByRole("link", { name: "Paste a report" }).first().click();
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Text", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Find observables" }).click();
  await expect(page.getByRole("heading", { name: "Review what was found" })).toBeVisible();
}

/** Adds a record of a kind by hand, in place. */
export async function addByHand(page: Page, number: string, kind: string, fields: Record<string, string>): Promise<void> {
  await page.goto(`/cases/${number}/add?kind=${kind}`);
  const form = page.locator("form", { has: page.getByRole("button", { name: "Create and add" }) });
  for (const [label, value] of Object.entries(fields)) await form.getByLabel(label).first().fill(value);
  await form.getByRole("button", { name: "Create and add" }).click();
  await expect(page.locator("#flash")).toContainText("Added 1 artifact");
}

/** Imports rows of CSV as configuration items. */
export async function importItems(page: Page, rows: string[]): Promise<void> {
  await page.goto("/import");
  await page.getByLabel("What it is").selectOption("configuration_item");
  await page.getByLabel("Or paste it").fill(rows.join("\n"));
  await page.getByLabel("Source").fill("CMDB");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByText(`${rows.length - 1} new`)).toBeVisible();
  await page.getByRole("button", { name: /^Import \d+ rows/ }).click();
  await expect(page.getByText("Done.")).toBeVisible();
}

/** Imports a log file into a source and waits until it can be searched. */
export async function importLogs(page: Page, source: string, file: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
  await page.goto("/logs");
  await page.getByLabel("Source").fill(source);
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByRole("button", { name: /^(Import|Upload)/ }).click();
  await expect(page.getByText("Searchable")).toBeVisible({ timeout: 240_000 });
}

/** Searches all data for all included observables and waits for the answer. */
export async function searchAllData(page: Page, number: string): Promise<void> {
  await page.goto(`/cases/${number}/sightings/new`);
  await page.getByLabel(/^All data/).check();
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByRole("link", { name: /^Seen \d/ })).toBeVisible({ timeout: 120_000 });
  await expect(page.getByRole("button", { name: "Run again" })).toBeVisible({ timeout: 120_000 });
}

/** The row of an observable, by the text of its value as it is shown. */
export function row(page: Page, value: string) {
  return page.locator("table[data-list] tbody tr").filter({ has: page.getByText(value, { exact: true }) });
}
