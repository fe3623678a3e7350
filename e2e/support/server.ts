// A server of its own for each project: a fresh data directory, a free port, and no process left behind.
import { spawn, type ChildProcess } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..", "..");
const STARTS_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 10_000;

export interface Server {
  /** Where it listens, without a slash at the end. */
  url: string;
  data: string;
  /** The link that the first start prints, to set up the first account; null once there is one. */
  setupLink(): string | null;
  /** All that it has written so far. */
  output(): string;
  /** Kills it without a word, as a power cut would. */
  kill(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

interface Options {
  /** Keeps a data directory of an earlier server. */
  data?: string;
  env?: Record<string, string>;
}

export async function startServer(options: Options = {}): Promise<Server> {
  const binary = process.env.VIZSLA_BINARY ?? path.join(root, "target", "debug", "vizsla");
  await access(binary).catch(() => {
    throw new Error(`There is no ${binary}: build it first (cargo build --bin vizsla), or say where it is in VIZSLA_BINARY.`);
  });
  const data = options.data ?? (await mkdtemp(path.join(tmpdir(), "vizsla-e2e-")));
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;

  const child = spawn(binary, ["serve", "--data", data, "--listen", listen], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: data, RUST_BACKTRACE: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  child.stderr.on("data", (part: Buffer) => (output += part.toString()));

  await ready(child, url, () => output);

  return {
    url,
    data,
    output: () => output,
    setupLink: () => {
      const link = output.match(/https?:\/\/\S*\/set-?up\S*/i)?.[0] ?? output.match(/\/set-?up\/?\S*/i)?.[0];
      return link ? new URL(link, url).href : null;
    },
    kill: async () => ended(child, "SIGKILL"),
    stop: async () => {
      await ended(child, "SIGTERM");
      if (!options.data) await rm(data, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no free port"))));
    });
  });
}

async function ready(child: ChildProcess, url: string, output: () => string): Promise<void> {
  const until = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The server ended before it was ready:\n${output()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > until) {
      await ended(child, "SIGKILL");
      throw new Error(`The server was not ready within ${STARTS_WITHIN_MS / 1000} s:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  const force = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN_MS);
  await gone;
  clearTimeout(force);
}
