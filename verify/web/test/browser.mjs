// A headless Chromium, and a server of plain files for it, for tests.

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, extname, join, normalize } from "node:path";
import { pack } from "../packages.mjs";

const KINDS = {
  ".html": "text/html; charset=utf-8", ".css": "text/css", ".mjs": "text/javascript",
  ".wasm": "application/wasm", ".csv": "text/csv",
};

/** The path of a Chromium, or undefined: $CHROMIUM, or the first on the path. */
export function chromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return ["chromium", "chromium-browser", "google-chrome"]
    .flatMap((name) => folders.map((f) => join(f, name)))
    .find((path) => existsSync(path));
}

/** Serves a folder as plain files: its address, and how to stop. */
export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://x").pathname).replace(/\/$/, "/index.html");
    try {
      const body = await readFile(join(folder, path));
      response.writeHead(200, { "content-type": KINDS[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}

/** A browser with a profile of its own, and how to close it. */
export async function browse(options = {}) {
  const profile = await mkdtemp(join(tmpdir(), "losscc-chromium-"));
  const context = await pack("playwright-core").chromium.launchPersistentContext(profile, {
    executablePath: chromium(),
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
    viewport: { width: 1200, height: 900 },
    ...options,
  });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
