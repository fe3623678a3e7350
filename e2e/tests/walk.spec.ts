// The walk: a hunter who has never seen Vizsla does her main job with it, as an analyst.
import { expect, test } from "../support/test.ts";
import { addByHand, importItems, importLogs, openCase, pasteReport, row, searchAllData, setUp, signIn } from "../support/hunt.ts";

const REPORT = `Portal thieves: a campaign against finance departments

Since early November, mails from support[@]portal-update[.]top lead to hxxps://login-portal4871[.]top/session, which asks
for the session again. The page fetches its loader, MD5 9f2c1e0b7a44d1c6ab0f2277e31d7f20, and answers from 45.77.10.9.

In the lab it was seen to ask 10.4.2.19; the examples use 192.0.2.55. The mails carry "portal_setup.exe" and, on some
machines, C:\\Users\\Public\\portal_setup.exe. Nobody has seen never-seen-domain[.]top in the wild. <script>alert(1)</script>
`;

const EVENTS = [
  { "@timestamp": "2026-11-20T07:02:00Z", Hostname: "WS-FIN-0412.corp.example", User: "CORP\\eszter.nagy", url: "https://login-portal4871.top/session" },
  { "@timestamp": "2026-11-20T07:03:00Z", Hostname: "WS-FIN-0412.corp.example", User: "CORP\\eszter.nagy", Image: "C:\\Users\\Public\\portal_setup.exe" },
  { "@timestamp": "2026-11-20T08:00:00Z", Hostname: "WS-FIN-0377.corp.example", User: "CORP\\b.lindqvist", url: "https://login-portal4871.top/session/more" },
  { "@timestamp": "2026-11-21T09:14:00Z", Hostname: "WS-FIN-0377.corp.example", User: "CORP\\b.lindqvist", dst: "45.77.10.9", note: "<img src=x onerror=alert(1)>" },
  { "@timestamp": "2026-11-21T09:15:00Z", Hostname: "UNKNOWN-7", dst: "45.77.10.99" },
];

const LOG = { name: "proxy.jsonl", mimeType: "application/x-ndjson", buffer: Buffer.from(EVENTS.map((event) => JSON.stringify(event)).join("\n")) };

test("a hunt, end to end", async ({ page, server, look, browser }) => {
  test.setTimeout(300_000);
  await setUp(page, server);
  await signIn(page);
  await look("cases-empty");

  // A case, and a report in it.
  const number = await openCase(page, "Stolen sessions through fake portal pages");
  await look("case-details");
  await pasteReport(page, number, "Portal thieves", REPORT);
  await expect(page.locator(".report")).toContainText("<script>alert(1)</script>");
  await expect(page.locator(".report mark.off")).not.toHaveCount(0);
  await expect(row(page, "10[.]4[.]2[.]19").getByRole("checkbox")).not.toBeChecked();
  await expect(row(page, "45[.]77[.]10[.]9").getByRole("checkbox")).toBeChecked();
  await look("review");
  await page.getByRole("button", { name: /^Add the ticked/ }).click();
  await expect(page.locator("#flash")).toContainText("from Portal thieves");
  await expect(row(page, "45[.]77[.]10[.]9")).toHaveCount(1);
  await expect(row(page, "10[.]4[.]2[.]19")).toHaveCount(0);
  await look("artifacts");

  // Search as one types: by keyboard alone, the list follows, the box keeps the focus.
  await page.keyboard.press("/");
  await page.keyboard.type("setup");
  await expect(page.locator("table[data-list] tbody tr")).toHaveCount(2);
  await expect(page.getByRole("searchbox")).toBeFocused();
  await expect(page).toHaveURL(/q=setup/);
  await page.getByRole("searchbox").fill("");
  await expect(row(page, "45[.]77[.]10[.]9")).toHaveCount(1);

  // Exclude with a reason, by keys; undo; exclude again; bring one back.
  const rows = page.locator("table[data-list] tbody tr");
  const all = await rows.count();
  await row(page, "support[@]portal-update[.]top").getByRole("checkbox").check();
  await page.keyboard.press("e");
  await page.locator("dialog#exclude").getByLabel("Reason").selectOption("false_positive");
  await page.locator("dialog#exclude").getByLabel("Comment").fill("our own newsletter");
  await page.locator("dialog#exclude").getByRole("button", { name: "Exclude" }).click();
  await expect(page.locator("#flash")).toContainText("Excluded 1 artifact as false positive");
  await expect(rows).toHaveCount(all - 1);
  await page.locator("#flash").getByRole("button", { name: /Undo/ }).click();
  await expect(rows).toHaveCount(all);
  for (const value of ["support[@]portal-update[.]top", "9f2c1e0b7a44d1c6ab0f2277e31d7f20"]) await row(page, value).getByRole("checkbox").check();
  await page.keyboard.press("e");
  await page.locator("dialog#exclude").getByRole("button", { name: "Exclude" }).click();
  await expect(rows).toHaveCount(all - 2);
  await page.getByRole("link", { name: /^Excluded 2/ }).click();
  await expect(rows).toHaveCount(2);
  await look("artifacts-excluded");
  await row(page, "9f2c1e0b7a44d1c6ab0f2277e31d7f20").getByRole("checkbox").check();
  await page.keyboard.press("i");
  await expect(page.locator("#flash")).toContainText("Included 1 artifact again");
  await page.getByRole("link", { name: "Included", exact: true }).click();
  await expect(rows).toHaveCount(all - 1);

  // Annotate two.
  for (const value of ["45[.]77[.]10[.]9", "hxxps[:]//login-portal4871[.]top/session"]) await row(page, value).getByRole("checkbox").check();
  await page.keyboard.press("a");
  await page.locator("dialog#annotate").getByLabel("What it means").fill("Registered **two days** before the first mail.");
  await page.locator("dialog#annotate").getByRole("button", { name: "Annotate" }).click();
  await expect(page.locator("#flash")).toContainText("Annotated 2 artifacts");

  // Two configuration items and a user by hand, forty more from a file.
  await addByHand(page, number, "configuration_item", { Name: "WS-FIN-0412", Class: "workstation", Owner: "Finance" });
  await addByHand(page, number, "configuration_item", { Name: "SRV-PORTAL-1", Class: "server" });
  await addByHand(page, number, "user", { Name: "Eszter Nagy", "User id": "CORP\\eszter.nagy", Department: "Finance" });
  const items = Array.from({ length: 40 }, (_, n) => `WS-FIN-0${377 + n},workstation,Finance`);
  await importItems(page, ["hostname,class,owner", ...items.filter((line) => !line.startsWith("WS-FIN-0412"))]);
  await look("import-done");

  // Logs, and what of the observables is in them.
  await importLogs(page, "Proxy logs", LOG);
  await look("logs-source");
  await searchAllData(page, number);
  await expect(row(page, "hxxps[:]//login-portal4871[.]top/session")).toContainText("1");
  await expect(row(page, "45[.]77[.]10[.]9").locator("td").nth(3)).toHaveText("1");
  await expect(row(page, "never-seen-domain[.]top")).toContainText("not seen");
  await expect(page.getByText("What was covered")).toBeVisible();
  await look("sightings");

  // On which hosts and by which accounts; which are known; those go into the case.
  await row(page, "45[.]77[.]10[.]9").getByRole("link").first().click();
  await expect(page.locator("#panel")).toContainText("WS-FIN-0377");
  await expect(page.locator("#panel .sample, #panel pre, #panel").first()).toContainText("<img src=x onerror=alert(1)>");
  await look("sightings-observable");
  // From what was seen to the events, and back to the details.
  await page.getByRole("link", { name: "Show events" }).click();
  await expect(page.locator("#found mark").first()).toHaveText("45.77.10.9");
  await page.goBack();
  await page.getByRole("link", { name: "Hosts and accounts" }).click();
  await expect(page.locator("#panel")).toContainText("b.lindqvist");
  await expect(page.locator("#panel")).toContainText("Accounts not in the directory");
  await look("sightings-who");
  await page.getByRole("button", { name: /^Add \d+ to case/ }).first().click();
  await expect(page.locator("#flash")).toContainText("Added");
  await page.goto(`/cases/${number}/artifacts?kind=configuration_item`);
  await expect(row(page, "WS-FIN-0377")).toContainText("SIGHT0001001");

  // The details of one, without leaving the list.
  await row(page, "WS-FIN-0377").getByRole("link").first().click();
  await expect(page.locator("#panel")).toContainText("Why is this here");
  await expect(page.locator("#panel")).toContainText("Sightings search");
  await look("artifact-panel");
  await page.keyboard.press("Escape");
  await expect(page.locator("#panel")).toHaveCount(0);

  // A second browser sees that something changed, without reload and without losing its place.
  const second = await browser.newContext({ baseURL: server.url });
  const other = await second.newPage();
  await signIn(other);
  await other.goto(`/cases/${number}`);
  await other.getByLabel("Note", { exact: true }).fill("half a thought");
  await page.goto(`/cases/${number}`);
  await page.getByLabel("Note", { exact: true }).fill("Two machines of Finance answered the pages; the loader ran on **one**.");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByText("Two machines of Finance")).toBeVisible();
  await expect(other.getByText("Two machines of Finance")).toBeVisible();
  await expect(other.getByLabel("Note", { exact: true })).toHaveValue("half a thought");
  await second.close();

  // Review, and a verdict.
  await page.getByRole("link", { name: "Start analysis" }).click();
  await page.getByRole("button", { name: "Start analysis" }).click();
  await page.getByRole("link", { name: "Send to review" }).click();
  await page.getByRole("button", { name: "Send to review" }).click();
  await page.getByRole("link", { name: "Close", exact: true }).click();
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("alert")).toContainText("say what the hunt found");
  await page.getByLabel("Targeted campaign").check();
  await page.getByLabel("Closure summary").fill("Same pages, same week, only Finance.");
  await look("close");
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("Verdict: targeted campaign")).toBeVisible();

  // The whole story.
  await page.getByRole("link", { name: "Activity" }).click();
  for (const told of ["closed the case", "wrote a work note", "excluded 1 artifact as false positive", "annotated 2 artifacts", "searched the logs", "opened the case"]) {
    await expect(page.locator(".activity")).toContainText(told);
  }
  await look("activity");
});

test("eight tabs of one browser work, and a ninth too", async ({ page, context }) => {
  await signIn(page);
  const tabs = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
  for (const tab of tabs) {
    await tab.goto("/cases");
    await expect(tab.getByRole("heading", { name: "Cases", exact: true })).toBeVisible();
  }
  await page.goto("/cases");
  await expect(page.getByRole("heading", { name: "Cases", exact: true })).toBeVisible();
});
