// The page in a headless Chromium: with every loss that it offers the loss
// falls and the held-out digits part; its controls work; nothing is fetched from
// elsewhere and nothing goes to the console.
//
// $LOSSCC_SCREENSHOTS names a folder for pictures of the page.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "../demo/build.mjs";
import { choices } from "../demo/choices.mjs";
import { browse, chromium, serve } from "./browser.mjs";

const missing = chromium() ? false : "no Chromium is here";
if (missing && process.env.LOSSCC_REQUIRE_CHROMIUM) throw new Error("no Chromium is here, and LOSSCC_REQUIRE_CHROMIUM asks for one");

let site, server, browser;
before(async () => {
  if (missing) return;
  site = await mkdtemp(join(tmpdir(), "losscc-page-"));
  await build(site);
  server = await serve(site);
  browser = await browse();
});
after(async () => {
  await browser?.close();
  server?.stop();
  if (site) await rm(site, { recursive: true, force: true });
});

/** Opens the page; what goes wrong in it, and what it asks other hosts for, is collected. */
async function open(t, query, options) {
  const own = options ? await browse(options) : browser;
  const page = await own.context.newPage();
  t.after(() => (options ? own.close() : page.close())); // also where the test fails
  const wrong = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && wrong.push(m.text()));
  page.on("pageerror", (e) => wrong.push(String(e)));
  page.on("requestfailed", (r) => wrong.push(`${r.url()} failed`));
  page.on("request", (r) => new URL(r.url()).origin + "/" === server.address || r.url().startsWith("data:") || wrong.push(`${r.url()} is elsewhere`));
  await page.goto(server.address + query);
  return { page, wrong };
}

const trained = (page, steps) =>
  page.waitForFunction((n) => Number(document.documentElement.dataset.steps) >= n, steps, { timeout: 60_000 });

async function picture(page, name) {
  if (!process.env.LOSSCC_SCREENSHOTS) return;
  await mkdir(process.env.LOSSCC_SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.LOSSCC_SCREENSHOTS, `${name}.png`), fullPage: true });
}

/**
 * By leave-one-out over the held-out digits: the part whose nearest other point,
 * by angle or by distance, is of the same class. Written for this test alone.
 */
function neighbours({ points, labels }, byAngle) {
  const at = labels.map((_, i) => {
    const [x, y] = [points[2 * i], points[2 * i + 1]];
    const norm = byAngle ? Math.hypot(x, y) || 1 : 1;
    return [x / norm, y / norm];
  });
  let same = 0;
  at.forEach(([x, y], i) => {
    let [least, best] = [Infinity, -1];
    at.forEach(([p, q], j) => {
      const d = (p - x) ** 2 + (q - y) ** 2;
      if (j !== i && d < least) [least, best] = [d, j];
    });
    if (labels[best] === labels[i]) same++;
  });
  return same / labels.length;
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

for (const { name, byAngle } of choices) {
  test(`${name}: the loss falls and the digits part`, { skip: missing, timeout: 90_000 }, async (t) => {
    const { page, wrong } = await open(t, `?loss=${name}&steps=400&seed=2&start`);
    await trained(page, 0);
    await page.locator("#speed").fill("4");
    await trained(page, 400);
    await page.waitForFunction(() => document.getElementById("train").textContent === "Train");
    const losses = await page.evaluate("losscc.losses()");
    const held = await page.evaluate("losscc.held()");
    await picture(page, name);
    assert.equal(losses.length, 400);
    const [first, last] = [mean(losses.slice(0, 10)), mean(losses.slice(-50))];
    assert.ok(last < first / 2, `the loss went from ${first} to ${last}`);
    assert.equal(held.labels.length, 360);
    const near = neighbours(held, byAngle);
    assert.ok(near > 0.75, `${near} of the held-out digits are next to one of their own class`);
    const shown = Number.parseFloat(await page.locator("#right").textContent());
    assert.ok(shown > 75, `the page says ${shown} %`);
    assert.match(await page.locator("#status").textContent(), /^Paused\. .*: 400 steps, loss /);
    assert.deepEqual(wrong, []);
  });
}

test("without training the digits are not apart", { skip: missing, timeout: 90_000 }, async (t) => {
  const { page } = await open(t, "?loss=softmax&steps=0");
  await trained(page, 0);
  assert.ok(neighbours(await page.evaluate("losscc.held()"), false) < 0.7);
});

test("the same seed trains the same", { skip: missing, timeout: 90_000 }, async (t) => {
  const losses = [];
  for (const seed of [5, 5, 6]) {
    const { page } = await open(t, `?loss=softmax&steps=20&seed=${seed}&start`);
    await trained(page, 20);
    losses.push(await page.evaluate("losscc.losses()"));
  }
  assert.deepEqual(losses[0], losses[1]);
  assert.notDeepEqual(losses[0], losses[2]);
});

test("who asks for less motion starts the training", { skip: missing, timeout: 90_000 }, async (t) => {
  const { page, wrong } = await open(t, "?loss=cosface&steps=6", { reducedMotion: "reduce", colorScheme: "dark" });
  await trained(page, 0);
  assert.match(await page.locator("#status").textContent(), /^Ready\./);
  await page.getByRole("button", { name: "Train" }).press("Enter");
  await trained(page, 6);
  await picture(page, "dark");
  await page.getByRole("button", { name: "Start anew" }).click();
  await page.waitForFunction(() => document.getElementById("steps").textContent === "0");
  await page.getByLabel("Loss", { exact: true }).selectOption("triplet");
  await page.waitForFunction(() => document.getElementById("command").textContent.includes("mining=batch-all"));
  assert.deepEqual(wrong, []);
});

test("a file that is not there is said on the page", { skip: missing, timeout: 90_000 }, async (t) => {
  await rm(join(site, "contrastive.onnx"));
  const { page } = await open(t, "?loss=contrastive");
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").textContent(), /contrastive\.onnx: found 404 Not Found/);
});

test("the page fits a telephone", { skip: missing, timeout: 90_000 }, async (t) => {
  const { page, wrong } = await open(t, "?loss=arcface&steps=40&start", { viewport: { width: 360, height: 740 } });
  await trained(page, 40);
  await picture(page, "telephone");
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= 360"));
  assert.deepEqual(wrong, []);
});
