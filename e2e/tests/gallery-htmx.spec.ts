// The patterns that the server's templates use, on small pages: what htmx, its policy and the small modules
// make of them together.
import { expect, layout, test } from "../support/gallery.ts";

const ROWS = ["alpha", "beta", "gamma", "delta"];

function list(q: string, extra = ""): string {
  const rows = ROWS.filter((name) => name.includes(q))
    .map((name) => `<tr id="row-${name}"><td class="check"><input type="checkbox" name="record" value="${name}" aria-label="Select ${name}"></td><td class="value">${name}${extra}</td></tr>`)
    .join("");
  return `<form id="list" method="post" action="/exclude" data-selection data-live="case:C1 artifacts" data-live-url="/list?q=${q}">
    <button type="button" class="pill" data-live-pill hidden></button>
    <table class="grid" data-list><thead><tr><th class="col-check check"><input type="checkbox" data-select-all aria-label="All"></th><th>Value</th></tr></thead><tbody>${rows}</tbody></table>
    <div class="selection"><span data-selected-count></span><button type="button" class="button" data-select-none>Clear</button></div></form>`;
}

const SEARCH = `<form role="search" action="/page"><input id="q" type="search" name="q" aria-label="Search" data-search
  hx-get="/page" hx-trigger="input changed delay:50ms" hx-target="#list" hx-select="#list" hx-swap="outerMorph" hx-replace-url="true" hx-sync="this:replace" hx-nonce="{{nonce}}"></form>`;

test("search as one types keeps the focus, the address and the selection", async ({ page, gallery }) => {
  gallery.routes.set("/page", ({ url }) => ({ body: layout(`${SEARCH}${list(url.searchParams.get("q") ?? "")}`) }));
  await page.goto("/page");
  await page.getByLabel("Select beta").check();
  await page.getByLabel("Search").pressSequentially("gam");
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await expect(page.getByLabel("Search")).toBeFocused();
  await expect(page).toHaveURL(/\/page\?q=gam$/);
  await expect(page.locator("[data-selected-count]")).toHaveText("1 selected, 1 not shown");
  await page.getByLabel("Search").fill("");
  await expect(page.locator("tbody tr")).toHaveCount(4);
  await expect(page.getByLabel("Select beta")).toBeChecked();
  await expect(page.locator("[data-selected-count]")).toHaveText("1 selected");
});

test("an element that an attacker slipped in does nothing", async ({ page, gallery, complaints }) => {
  const asked: string[] = [];
  gallery.routes.set("/page", () => ({ body: layout(`<p id="ours" hx-get="/good" hx-trigger="load" hx-nonce="{{nonce}}">…</p><p hx-get="/evil" hx-trigger="load">…</p>`) }));
  gallery.routes.set("/good", () => ({ body: `<b>here</b><i hx-get="/evil" hx-trigger="load" hx-nonce="guess">…</i><u hx-get="/more" hx-trigger="load" hx-nonce="{{nonce}}">…</u>` }));
  gallery.routes.set("/evil", ({ url }) => (asked.push(url.pathname), { body: "evil" }));
  gallery.routes.set("/more", () => ({ body: "and more" }));
  await page.goto("/page");
  await expect(page.locator("#ours")).toHaveText("here…and more");
  expect(asked).toEqual([]);
  expect(complaints.filter((text) => text.includes("[hx-csp] blocked"))).toHaveLength(2);
  complaints.length = 0;
});

test("what is wrong in a form comes back into it; other errors are told and change nothing", async ({ page, gallery }) => {
  let status = 422;
  const form = (error: string) => `<form id="f" hx-post="/save" hx-swap="outerHTML" hx-nonce="{{nonce}}" method="post" action="/save">
    <div class="field"><label for="name">Name</label><input id="name" name="name" data-draft="f:name"><p class="error">${error}</p></div><button class="button">Save</button></form>`;
  gallery.routes.set("/page", () => ({ body: layout(form("")) }));
  gallery.routes.set("/save", ({ form: sent }) => ({ status, body: status === 422 ? form(`"${sent.get("name")}" is taken`) : "broken" }));
  await page.goto("/page");
  await page.getByLabel("Name").fill("ada");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".error")).toHaveText('"ada" is taken');
  await expect(page.getByLabel("Name")).toHaveValue("ada");
  status = 503;
  await page.getByLabel("Name").fill("eve");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The server is busy.")).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("eve");
  status = 200;
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("main")).toHaveText("broken");
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("vizsla:draft:")))).toEqual([]);
});

test("an answer changes several places, says what it did, and can be undone", async ({ page, gallery }) => {
  gallery.routes.set("/page", () => ({
    body: layout(`<span id="count">4</span><button class="button" hx-post="/exclude" hx-swap="none" hx-nonce="{{nonce}}">Exclude</button>`),
  }));
  gallery.routes.set("/exclude", () => ({
    body: `<hx-partial hx-target="#count" hx-swap="innerHTML">3</hx-partial>
      <hx-partial hx-target="#flash" hx-swap="beforeend"><div class="toast good"><p>1 artifact excluded.</p>
      <form method="post" action="/undo" hx-post="/undo" hx-swap="none" hx-nonce="{{nonce}}"><button class="button small">Undo</button></form></div></hx-partial>`,
  }));
  gallery.routes.set("/undo", () => ({ body: `<hx-partial hx-target="#count" hx-swap="innerHTML">4</hx-partial><hx-partial hx-target="#flash" hx-swap="innerHTML"><div class="toast good"><p>Undone.</p></div></hx-partial>` }));
  await page.goto("/page");
  await page.getByRole("button", { name: "Exclude" }).click();
  await expect(page.locator("#count")).toHaveText("3");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.locator("#count")).toHaveText("4");
  await expect(page.getByRole("status")).toHaveText("Undone.");
});

test("a list that nobody uses shows a change at once, with its ticks; a job always", async ({ page, gallery }) => {
  let version = 0;
  const job = () => `<div id="job" class="job" data-live="jobs" data-live-url="/job" data-live-refresh="now"><progress value="${version}" max="9" aria-label="Job"></progress></div>`;
  gallery.routes.set("/page", () => ({ body: layout(`${list("")}${job()}`, 'data-seq="4"') }));
  gallery.routes.set("/list", () => ({ body: list("", ` v${version}`) }));
  gallery.routes.set("/job", () => ({ body: job() }));
  await page.goto("/page");
  await page.getByLabel("Select gamma").check();
  await page.mouse.click(1100, 700);
  await expect.poll(() => [...gallery.lines.values()]).toEqual(["4"]);

  version = 1;
  gallery.tell({ seq: 5, case: "C1", topic: "artifacts", actor: "jo" });
  await expect(page.locator("#row-gamma")).toContainText("v1");
  await expect(page.getByLabel("Select gamma")).toBeChecked();

  // Known already, and somebody else's: nothing is fetched for these.
  version = 2;
  gallery.tell({ seq: 5, case: "C1", topic: "artifacts", actor: "jo" });
  gallery.tell({ seq: 6, case: "C2", topic: "artifacts", actor: "jo" });

  await page.locator("#row-beta").hover();
  gallery.tell({ seq: 7, case: "C1", topic: "artifacts", actor: "jo" });
  gallery.tell({ seq: 8, case: null, topic: "jobs", actor: null });
  await expect(page.locator("#job progress")).toHaveAttribute("value", "2");
  await expect(page.locator("[data-live-pill]")).toHaveText("1 change — show");
  await expect(page.locator("#row-gamma")).toContainText("v1");
  await page.locator("[data-live-pill]").click();
  await expect(page.locator("#row-gamma")).toContainText("v2");
  await expect(page.locator("[data-live-pill]")).toBeHidden();
  await expect(page.getByLabel("Select gamma")).toBeChecked();
});

test("a dialog that the server sent is modal, and closes when its form was taken", async ({ page, gallery }) => {
  gallery.routes.set("/page", () => ({ body: layout(`<a class="button" href="/ask" hx-get="/ask" hx-target="#place" hx-nonce="{{nonce}}">Exclude…</a><div id="place"></div><p id="said"></p>`) }));
  gallery.routes.set("/ask", () => ({
    body: `<dialog class="dialog" open data-modal aria-label="Exclude"><form method="post" action="/do" hx-post="/do" hx-target="#said" hx-nonce="{{nonce}}">
      <div class="field"><label for="why">Comment</label><textarea id="why" name="why" autofocus></textarea></div><button class="button primary">Exclude</button></form></dialog>`,
  }));
  gallery.routes.set("/do", ({ form }) => ({ body: `excluded: ${form.get("why")}` }));
  await page.goto("/page");
  await page.getByRole("link", { name: "Exclude…" }).click();
  await expect(page.getByLabel("Comment")).toBeFocused();
  expect(await page.locator("dialog:modal").count()).toBe(1);
  await page.getByLabel("Comment").fill("harmless");
  await page.getByRole("button", { name: "Exclude" }).click();
  await expect(page.locator("#said")).toHaveText("excluded: harmless");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("back brings the page of before", async ({ page, gallery }) => {
  const body = (tab: string) =>
    layout(`<nav class="tabs"><a href="/page?tab=two" hx-get="/page?tab=two" hx-target="#tab" hx-select="#tab" hx-swap="outerHTML" hx-push-url="true" hx-nonce="{{nonce}}">Two</a></nav><div id="tab">${tab}</div>`);
  gallery.routes.set("/page", ({ url }) => ({ body: body(url.searchParams.get("tab") ?? "one") }));
  await page.goto("/page");
  await page.getByRole("link", { name: "Two" }).click();
  await expect(page.locator("#tab")).toHaveText("two");
  await page.goBack();
  await expect(page.locator("#tab")).toHaveText("one");
  await expect(page.locator(".tabs a")).toHaveCSS("white-space", "nowrap");
});

test("without the server the page says so and keeps what was typed", async ({ page, gallery, complaints }) => {
  gallery.routes.set("/page", () => ({ body: layout(`<form hx-post="/save" hx-nonce="{{nonce}}"><label for="n">Note</label><textarea id="n" name="n" data-draft="note"></textarea><button class="button">Save</button></form>`) }));
  await page.goto("/page");
  await page.getByLabel("Note").fill("half a thought");
  await page.route("**/save", (route) => route.abort());
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The server could not be reached.")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Note")).toHaveValue("half a thought");
  complaints.length = 0;
});
