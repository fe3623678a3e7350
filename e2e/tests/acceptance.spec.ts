// The hunt in the browser on real logs: the counts of the independent key come out, and what is not there is "not seen".
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "../support/test.ts";
import { importLogs, openCase, row, searchAllData, setUp, signIn } from "../support/hunt.ts";

const SET = "logs/otrf-lsass-campaign-01";
const ZIP = "metasploit_logonpasswords_lsass_memory_dump.zip";

interface Truth {
  observables: { type: string; value: string; per_file?: Record<string, number> }[];
}

test("the LSASS campaign, from its zip to the answer", async ({ page, server, look }) => {
  test.setTimeout(600_000);
  const data = process.env.VIZSLA_TEST_DATA;
  if (!data) throw new Error("VIZSLA_TEST_DATA does not say where the real data is: run `make acceptance`.");
  const truth = JSON.parse(await readFile(path.join(data, SET, "truth.json"), "utf8")) as Truth;

  await setUp(page, server);
  await signIn(page);
  const number = await openCase(page, "LSASS dump on MKT01");
  // Types that the add form tells from the value alone; the others are counted over the API by the Rust acceptance test.
  const told = truth.observables.filter(({ type }) => ["ipv4", "domain", "sha256", "path", "sid"].includes(type));
  await page.goto(`/cases/${number}/add?kind=observable`);
  await page.getByLabel("Values").fill(told.map(({ value }) => value).join("\n"));
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.locator("#flash")).toContainText(`Added ${told.length} artifacts`);

  await importLogs(page, "Windows logs", path.join(data, SET, ZIP));
  await searchAllData(page, number);
  for (const { value, type, per_file } of told) {
    const shown = ["ipv4", "domain"].includes(type) ? value.replaceAll(".", "[.]") : type === "sha256" ? value.toLowerCase() : value;
    const count = per_file?.[ZIP] ?? 0;
    await expect(row(page, shown), value).toContainText(count === 0 ? "not seen" : count.toLocaleString("en"));
  }
  await look("acceptance-sightings");
});
