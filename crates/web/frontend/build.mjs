// Builds what the server embeds: ../dist/ with content-hashed files and a manifest.json {name: file}.
// A file that did not change is not written, so that a build of the server has nothing to do.
import * as esbuild from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "..", "dist");
const target = ["chrome125", "firefox128", "safari18"];

/** @type {esbuild.BuildOptions} */
const pages = {
  absWorkingDir: here,
  entryPoints: { app: "ts/app.ts", theme: "ts/theme.ts" },
  bundle: true,
  minify: true,
  format: "iife",
  target,
  outdir: dist,
  entryNames: "[name]-[hash]",
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
};

/** @type {esbuild.BuildOptions} */
const styles = {
  absWorkingDir: here,
  entryPoints: { app: "css/app.css" },
  bundle: true,
  minify: true,
  target,
  outdir: dist,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
};

async function build() {
  const started = Date.now();
  const files = new Map();
  const manifest = {};

  for (const options of [pages, styles]) {
    const result = await esbuild.build(options);
    for (const file of result.outputFiles) {
      const name = path.basename(file.path);
      files.set(name, file.contents);
      if (!name.endsWith(".woff2")) manifest[name.replace(/-[A-Z0-9]{8}(?=\.\w+$)/, "")] = name;
    }
  }

  const favicon = await readFile(path.join(here, "assets", "favicon.svg"));
  const name = `favicon-${createHash("sha256").update(favicon).digest("hex").slice(0, 8).toUpperCase()}.svg`;
  files.set(name, favicon);
  manifest["favicon.svg"] = name;

  const sorted = Object.fromEntries(Object.entries(manifest).sort());
  files.set("manifest.json", Buffer.from(`${JSON.stringify(sorted, null, 2)}\n`));

  await mkdir(dist, { recursive: true });
  let written = 0;
  for (const [file, contents] of files) {
    const to = path.join(dist, file);
    const there = await readFile(to).catch(() => null);
    if (there && Buffer.compare(there, Buffer.from(contents)) === 0) continue;
    await writeFile(to, contents);
    written += 1;
  }
  for (const file of await readdir(dist)) {
    if (file !== ".gitkeep" && !files.has(file)) await rm(path.join(dist, file), { recursive: true });
  }

  const size = Object.values(sorted).map((file) => `${file} ${Math.ceil(files.get(file).length / 1024)} kB`);
  console.log(`front end: ${size.join(", ")}; ${written ? `${written} files written` : "nothing changed"} in ${Date.now() - started} ms`);
}

async function buildTests() {
  const out = path.join(here, "build", "tests");
  await rm(out, { recursive: true, force: true });
  const tests = (await readdir(path.join(here, "tests"))).filter((file) => file.endsWith(".test.ts"));
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: tests.map((file) => path.join("tests", file)),
    bundle: true,
    platform: "node",
    format: "esm",
    outdir: out,
    logLevel: "warning",
  });
}

if (process.argv.includes("--tests")) {
  await buildTests();
} else if (process.argv.includes("--watch")) {
  const again = {
    name: "again",
    setup(on) {
      on.onEnd(() => build().catch((error) => console.error(error.message)));
    },
  };
  for (const options of [pages, styles]) {
    const context = await esbuild.context({ ...options, plugins: [again] });
    await context.watch();
  }
} else {
  await build();
}
