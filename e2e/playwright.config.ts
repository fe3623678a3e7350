import { defineConfig, type Project } from "@playwright/test";

const chromium = process.env.VIZSLA_CHROMIUM ?? "/usr/bin/chromium";

// A browser that talks to the server under test and to nobody else.
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function theme(name: string, colorScheme: "light" | "dark", testMatch: string): Project {
  return { name, testMatch, use: { colorScheme } };
}

export default defineConfig({
  testDir: "tests",
  outputDir: "results/run",
  // Two cores, one of which is the server's.
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["json", { outputFile: "results/report.json" }]],
  use: {
    browserName: "chromium",
    headless: true,
    locale: "en-GB",
    timezoneId: "Europe/Budapest",
    viewport: { width: 1280, height: 800 },
    // An element that is not there is told at once, not at the end of the test.
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    trace: "retain-on-failure",
    launchOptions: { executablePath: chromium, args },
  },
  projects: [
    theme("gallery", "light", "gallery*.spec.ts"),
    theme("walk", "light", "walk.spec.ts"),
    theme("walk-dark", "dark", "walk.spec.ts"),
    theme("keyboard", "light", "keyboard.spec.ts"),
    theme("acceptance", "light", "acceptance*.spec.ts"),
  ],
});
