// The front end without the server: gallery pages and small pages of a test's own, under the policy that
// the server sends, with a line of changes that a test can write into.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test as base } from "@playwright/test";

const web = path.join(import.meta.dirname, "..", "..", "crates", "web");
const TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** HTML, in which {{nonce}} stands for the nonce of this answer; or a value that is sent as JSON. */
  body: string | object;
}

export type Route = (request: { url: URL; method: string; headers: IncomingMessage["headers"]; form: URLSearchParams }) => Answer;

export interface Gallery {
  url: string;
  /** Routes of the test, by path; removed after it. */
  routes: Map<string, Route>;
  /** Open lines to /changes, with what each was asked to start after. */
  lines: Map<ServerResponse, string | null>;
  tell(change: object): void;
}

function policy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
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
}

/** A page around a body, as the server's layout is one. */
export function layout(body: string, attributes = ""): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="htmx-config" content='extensions:"hx-csp" prefix:"" includeIndicatorCSS:false'>
<script nonce="{{nonce}}" src="/assets/theme.js"></script><link rel="stylesheet" href="/assets/app.css">
<script nonce="{{nonce}}" src="/assets/app.js" defer></script></head>
<body ${attributes}><main>${body}</main><div class="flash" id="flash" role="status"></div></body></html>`;
}

let nonces = 0;

async function startGallery(): Promise<Gallery & { stop(): Promise<void> }> {
  const manifest = JSON.parse(await readFile(path.join(web, "dist", "manifest.json"), "utf8")) as Record<string, string>;
  const routes: Gallery["routes"] = new Map();
  const lines: Gallery["lines"] = new Map();

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://gallery");
    if (url.pathname.startsWith("/assets/")) {
      const name = path.basename(url.pathname);
      const body = await readFile(path.join(web, "dist", manifest[name] ?? name)).catch(() => null);
      response.writeHead(body ? 200 : 404, { "Content-Type": TYPES[path.extname(name)] ?? "text/plain" }).end(body);
      return;
    }
    if (url.pathname === "/changes") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(": here\n\n");
      lines.set(response, url.searchParams.get("after"));
      response.on("close", () => lines.delete(response));
      return;
    }
    const route = routes.get(url.pathname);
    const answer = route
      ? route({ url, method: request.method ?? "GET", headers: request.headers, form: new URLSearchParams(await bodyOf(request)) })
      : await readFile(path.join(web, "frontend", path.basename(url.pathname)), "utf8").then(
          (body): Answer => ({ body }),
          (): Answer => ({ status: 404, body: "nothing here" }),
        );
    if (typeof answer.body === "object") {
      response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" }).end(JSON.stringify(answer.body));
      return;
    }
    nonces += 1;
    const nonce = Buffer.from(`nonce ${nonces}`).toString("base64url");
    response
      .writeHead(answer.status ?? 200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy(nonce), ...answer.headers })
      .end(answer.body.replaceAll("{{nonce}}", nonce));
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (!address || typeof address !== "object") throw new Error("the gallery has no address");

  return {
    url: `http://127.0.0.1:${address.port}`,
    routes,
    lines,
    tell: (change) => {
      for (const line of lines.keys()) line.write(`data: ${JSON.stringify(change)}\n\n`);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

export const test = base.extend<{ complaints: string[]; forget: void }, { gallery: Gallery }>({
  gallery: [
    async ({}, use) => {
      const gallery = await startGallery();
      await use(gallery);
      await gallery.stop();
    },
    { scope: "worker" },
  ],

  baseURL: async ({ gallery }, use) => use(gallery.url),

  forget: [
    async ({ gallery }, use) => {
      await use();
      gallery.routes.clear();
    },
    { auto: true },
  ],

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
});

export { expect };
