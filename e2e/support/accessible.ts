import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Options {
  /** Only within this selector. */
  within?: string;
  /** Rules that do not apply here; say why beside the call. */
  without?: string[];
}

/** WCAG 2.2 AA and good practice, by axe; a failure names rule, element and what is wrong. */
export async function expectAccessible(page: Page, options: Options = {}): Promise<void> {
  let axe = new AxeBuilder({ page }).withTags(RULES).disableRules(options.without ?? []);
  if (options.within) axe = axe.include(options.within);
  const { violations } = await axe.analyze();
  const found = violations.flatMap((violation) =>
    violation.nodes.map((node) => {
      const why = [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ");
      return `${violation.id}: ${node.target.join(" ")}: ${why || violation.help}`;
    }),
  );
  expect(found, "what axe found").toEqual([]);
}

/** Nothing makes the page itself scroll sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, "pixels wider than the window").toBeLessThanOrEqual(0);
}
