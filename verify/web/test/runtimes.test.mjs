// Every file of every loss, in both forms, in onnxruntime-web (wasm) and in
// onnxruntime-node: it loads, runs on drawn inputs, int64 labels among them, and
// says what losscc's own evaluator says.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { difference, losscc, losses, makeCase, readNpy } from "../losscc.mjs";
import { runtimes, session } from "../packages.mjs";

const ports = runtimes();
const names = await losses();
let folder = "";
before(async () => (folder = await mkdtemp(join(tmpdir(), "losscc-web-"))));
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a case and says the first output that differs. */
async function judge(ort, made) {
  const run = await ort.InferenceSession.create(await readFile(made.file), session);
  try {
    const feeds = {};
    for (const { name } of made.inputs) {
      const { type, data, dims } = await readNpy(join(made.folder, `${name}.npy`));
      feeds[name] = new ort.Tensor(type, data, dims);
    }
    const found = await run.run(feeds);
    return made.outputs.map((want) => difference(want, found[want.name])).find(Boolean);
  } finally {
    await run.release();
  }
}

test("the list is not empty", () => assert.ok(names.includes("arcface")));

for (const loss of names) {
  for (const form of ["functions", "flat"]) {
    test(`${loss}, ${form}, value and gradient are losscc's own`, async (t) => {
      const made = (await makeCase(folder, loss, { form })) ?? (await makeCase(folder, loss, { form, gradient: false }));
      assert.ok(made.outputs.length > 0);
      for (const [name, ort] of Object.entries(ports)) {
        await t.test(name, async () => assert.equal(await judge(ort, made), undefined));
      }
    });
  }
}

for (const [name, ort] of Object.entries(ports)) {
  test(`${name} takes float64 files too`, async () => {
    for (const loss of ["arcface", "triplet"]) {
      assert.equal(await judge(ort, await makeCase(folder, loss, { dtype: "f64" })), undefined);
    }
  });

  test(`${name} refuses int32 labels where int64 is declared, and takes BigInts`, async () => {
    const made = await makeCase(folder, "softmax");
    const run = await ort.InferenceSession.create(await readFile(made.file), session);
    const feeds = (labels) => ({
      embeddings: new ort.Tensor("float32", new Float32Array(12).fill(0.5), [2, 6]),
      labels,
      weight: new ort.Tensor("float32", new Float32Array(18).fill(0.25), [3, 6]),
      bias: new ort.Tensor("float32", new Float32Array(3), [3]),
    });
    const { loss } = await run.run(feeds(new ort.Tensor("int64", BigInt64Array.of(0n, 2n), [2])));
    assert.ok(Math.abs(loss.data[0] - Math.log(3)) < 1e-6);
    await assert.rejects(run.run(feeds(new ort.Tensor("int32", Int32Array.of(0, 2), [2]))), /int32.*int64|type/i);
    await run.release();
  });
}

test("a difference is found where there is one", async () => {
  const want = { name: "loss", dtype: "float32", shape: [2], data: [1, 2] };
  assert.equal(difference(want, { dims: [2], data: [1, 2.0001] }), undefined);
  assert.match(difference(want, { dims: [2], data: [1, 2.01] }), /found 2\.01 at 1, want 2/);
  assert.match(difference(want, { dims: [2], data: [1, NaN] }), /found NaN/);
  assert.match(difference(want, { dims: [1, 2], data: [1, 2] }), /shape/);
  assert.match(difference(want, undefined), /no such output/);
  assert.match(difference({ ...want, dtype: "int64" }, { dims: [2], data: [1n, 3n] }), /found 3/);
  assert.match(await losscc("version"), /losscc/);
});
