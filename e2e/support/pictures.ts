import path from "node:path";
import type { Page, TestInfo } from "@playwright/test";

const WIDTHS = { wide: { width: 1280, height: 800 }, narrow: { width: 768, height: 1000 } } as const;

/** A picture of the page as it is, at both widths, under results/pictures/. */
export async function picture(page: Page, info: TestInfo, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const [width, size] of Object.entries(WIDTHS)) {
    await page.setViewportSize(size);
    await page.screenshot({
      path: path.join(info.config.rootDir, "..", "results", "pictures", `${name}-${info.project.name}-${width}.png`),
      animations: "disabled",
    });
  }
  if (before) await page.setViewportSize(before);
}
