// What every walk starts from: a running server, a page that may not break its own policy, and pictures.
import { expect, test as base } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll } from "./accessible.ts";
import { picture } from "./pictures.ts";
import { startServer, type Server } from "./server.ts";

interface Worker {
  server: Server;
}

interface Each {
  /** Errors of the page so far: script errors, and what the content security policy refused. */
  complaints: string[];
  /** Axe, width and a picture, in one. */
  look(name: string): Promise<void>;
}

export const test = base.extend<Each, Worker>({
  server: [
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],

  baseURL: async ({ server }, use) => use(server.url),

  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
      });
      await use(complaints);
      expect(complaints, "errors in the page").toEqual([]);
    },
    { auto: true },
  ],

  look: async ({ page }, use, info) => {
    await use(async (name) => {
      await expectNoSidewaysScroll(page);
      await picture(page, info, name);
      await expectAccessible(page);
    });
  },
});

export { expect };
export type { Server };
