// The module that `losscc bridge javascript` writes, in both runtimes: first
// values, steps, state, schedules, noise, arrays and messages.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { difference, losscc, losses, makeCase, readNpy } from "../losscc.mjs";
import { runtimes, session } from "../packages.mjs";

const folder = await mkdtemp(join(tmpdir(), "losscc-bridge-"));
after(() => rm(folder, { recursive: true, force: true }));
await losscc("bridge", "javascript", "-o", join(folder, "losscc.mjs"));
const { Loss, LossError } = await import(join(folder, "losscc.mjs"));

/** The bytes of a file of that loss. */
async function built(loss, ...args) {
  const file = join(folder, `${[loss, ...args].join("_").replaceAll(/[^A-Za-z0-9_-]+/g, ".")}.onnx`);
  await losscc("build", loss, "-o", file, ...args);
  return readFile(file);
}

const near = (found, want, tolerance = 1e-5) =>
  assert.ok(Math.abs(found - want) <= tolerance * Math.max(1, Math.abs(want)), `found ${found}, want ${want}`);

const x = [[1, 2], [3, -1], [-1, 1], [2, 2]];
const y = [0, 1, 2, 1];
const names = await losses();

for (const [runtime, ort] of Object.entries(runtimes())) {
  describe(runtime, () => {
    const load = async (loss, options, ...args) => Loss.load(ort, await built(loss, "--grad", ...args), { session, ...options });

    for (const name of names) {
      test(`${name}: a step says what losscc says, and moves parameters and state`, async (t) => {
        const made = await makeCase(folder, name);
        if (!made?.outputs.some((o) => o.name === "loss")) return t.skip("it is no loss");
        const inputs = Object.fromEntries(
          await Promise.all(made.inputs.map(async (i) => [i.name, await readNpy(join(made.folder, `${i.name}.npy`))])),
        );
        const want = Object.fromEntries(made.outputs.map((o) => [o.name, o]));
        const bytes = await readFile(made.file);
        const roles = (await Loss.load(ort, bytes, { session, C: 10, D: 6, K: 3, P: 5, B: 4, data: {} })).roles;
        const kept = (n) => ["parameter", "state", "data"].includes(roles[n]);
        const data = Object.fromEntries(Object.entries(inputs).filter(([n]) => kept(n)));
        const head = await Loss.load(ort, bytes, { session, C: 10, D: 6, K: 3, P: 5, B: 4, data });
        const given = Object.fromEntries(Object.entries(inputs).filter(([n]) => ["schedule", "noise"].includes(roles[n])));
        head.iteration = 1; // what starts at the first batch was given here
        const found = await head.step(...head.takes.map((n) => inputs[n]), { lr: 0.5, given });
        near(found.loss, want.loss.data[0], 2e-4);
        for (const n of Object.keys(head.parameters)) {
          const moved = { ...want[`grad_${n}`], name: n, data: want[`grad_${n}`].data.map((g, i) => inputs[n].data[i] - 0.5 * g) };
          assert.equal(difference(moved, head.parameters[n]), undefined);
          assert.notDeepEqual(head.parameters[n].data, inputs[n].data);
        }
        for (const n of Object.keys(head.state)) {
          assert.equal(difference({ ...want[`${n}_next`], name: n }, head.state[n]), undefined);
        }
        await head.release();
      });
    }

    test("parameters and state start where their papers start them", async () => {
      const C = 1000;
      const arcface = await load("arcface", { C, D: 16 });
      const w = Array.from(arcface.parameters.weight.data);
      near(w.reduce((a, b) => a + b) / w.length, 0, 1e-3);
      near(Math.sqrt(w.reduce((a, b) => a + b * b, 0) / w.length) / 0.01, 1, 0.03);
      const adam = await load("adam-softmax", { C, D: 2 });
      assert.ok(adam.parameters.margins.data.every((m) => m >= 0.3 && m <= 0.4));
      assert.ok(new Set(adam.parameters.margins.data).size > 900);
      near((await load("uniface", { C, D: 2 })).parameters.bias.data[0], Math.log(10 * C));
      near((await load("adacos", { C, D: 2 })).state.scale.data[0], Math.SQRT2 * Math.log(C - 1));
      const adaface = await load("adaface", { C, D: 2 });
      assert.deepEqual([adaface.state.batch_mean.data[0], adaface.state.batch_std.data[0]], [20, 100]);
      assert.ok((await load("softmax", { C, D: 2 })).parameters.bias.data.every((b) => b === 0));
      assert.deepEqual((await load("subcenter-arcface", { C: 5, D: 2 })).parameters.weight.dims, [5, 3, 2]);
    });

    test("sphereface2 starts where the pull of both halves is equal", async () => {
      for (const kind of ["cos", "arc", "mul"]) {
        const margin = kind === "mul" ? 1.2 : 0.4;
        const head = await load("sphereface2", { C: 10, D: 2 }, "--set", `margin_type=${kind}`, "--set", `margin=${margin}`);
        // Embeddings at right angles to every weight: all cosines are 0.
        head.parameters.weight.data.forEach((_, i, all) => (all[i] = i % 2));
        const { gradBias } = await head.run([[[1, 0]], [3]]);
        near(gradBias[0], 0, 1e-5);
      }
    });

    test("sphereface2 starts at the exact value, alone and in a sum", async () => {
      // [scale, lambda, margin, C] and the documented formula in 2000 digits: exact_bias in
      // verify/python/torch/test_module.py.
      const exact = [
        [40, 0.7, 0.4, 2, 46.2876820724518],
        [40, 0.7, 0.4, 10, 12.950177875501316],
        [64, 0.7, 0.4, 3, 71.80824053077194],
        [64, 0.9, 0.35, 12, 27.104077396776276],
        [30, 0.5, 0.4, 2, 22.5],
        [2000, 0.5, 1, 2, 1500.0],
        [2000, 0.99, 1, 50, 3500.0202027073174],
      ];
      for (const [scale, share, margin, C, want] of exact) {
        const sets = [`scale=${scale}`, `lambda=${share}`, `margin=${margin}`].flatMap((s) => ["--set", s]);
        const head = await load("sphereface2", { C, D: 2 }, "--dtype", "f64", ...sets);
        near(head.parameters.bias.data[0], want, 1e-12);
      }
      const bias = async (loss) => (await load(loss, { C: 10, D: 2 })).parameters.bias.data[0];
      const alone = await bias("sphereface2");
      for (const sum of ["arcface + sphereface2", "0.5*sphereface2 + arcface"]) {
        assert.equal(await bias(sum), alone, sum);
      }
    });

    test("one seed gives the same numbers, another others", async () => {
      const train = async (seed) => {
        const head = await load("elasticface", { C: 3, D: 2, seed });
        const found = [];
        for (let i = 0; i < 3; i++) found.push((await head.step(x, y, 0.1)).loss);
        return found;
      };
      assert.deepEqual(await train(7), await train(7));
      assert.notDeepEqual(await train(7), await train(8));
    });

    test("noise is drawn in steps, and is zero in run", async () => {
      const head = await load("elasticface", { C: 3, D: 2 });
      const still = (await head.run([x, y])).loss;
      assert.equal((await head.run([x, y])).loss, still);
      assert.equal((await head.run([x, y], { noise: [0, 0, 0, 0] })).loss, still);
      assert.notEqual((await head.step(x, y, 0)).loss, still);
    });

    test("a schedule follows the file's rule by the count of steps", async () => {
      const head = await load("a-softmax", { C: 3, D: 2 });
      for (let i = 1; i <= 3; i++) {
        const lambda = Math.max(5, 1000 / (1 + 0.12 * i));
        const want = (await head.run([x, y], { lambda })).loss;
        const other = (await head.run([x, y], { lambda: lambda / 2 })).loss;
        assert.notEqual(want, other);
        near((await head.step(x, y, 0)).loss, want, 1e-6);
      }
      head.iteration = 1e6;
      near((await head.run([x, y])).loss, (await head.run([x, y], { lambda: 5 })).loss, 1e-6);
    });

    test("state goes round, in steps only", async () => {
      const head = await load("curricularface", { C: 3, D: 2 });
      const first = await head.run([x, y]);
      assert.equal(head.state.t.data[0], 0);
      near((await head.step(x, y, 0)).tNext, first.tNext);
      near(head.state.t.data[0], first.tNext);
      assert.notEqual((await head.run([x, y])).tNext, first.tNext);
      await head.step(x, y, { lr: 0, given: { t: 0.5 } });
      near(head.state.t.data[0], first.tNext);
    });

    test("centres move by rows as they move whole", async () => {
      const whole = await load("center", { C: 4, D: 2 });
      const rows = await load("center", { C: 4, D: 2 }, "--set", "centers_output=rows");
      await rows.run([x, [3, 1, 1, -1]]);
      assert.deepEqual(rows.state, (await load("center", { C: 4, D: 2 })).state);
      for (let i = 0; i < 3; i++) {
        near((await rows.step(x, [3, 1, 1, -1], 0)).loss, (await whole.step(x, [3, 1, 1, -1], 0)).loss);
        whole.state.centers.data.forEach((c, k) => near(rows.state.centers.data[k], c));
      }
      assert.notDeepEqual(Array.from(rows.state.centers.data.subarray(2, 4)), [0, 0]);
      assert.deepEqual(Array.from(rows.state.centers.data.subarray(0, 2)), [0, 0]);
    });

    test("momentum and weight decay are those of SGD", async () => {
      const head = await load("softmax", { C: 3, D: 2, momentum: 0.9, weightDecay: 0.1 });
      let w = Array.from(head.parameters.weight.data);
      let v = w.map(() => 0);
      for (let i = 0; i < 3; i++) {
        const { gradWeight } = await head.step(x, y, 0.2);
        v = v.map((m, k) => 0.9 * m + gradWeight[k] + 0.1 * w[k]);
        w = w.map((p, k) => p - 0.2 * v[k]);
      }
      w.forEach((p, k) => near(head.parameters.weight.data[k], p));
    });

    test("steps lower the loss", async () => {
      const head = await load("cosface", { C: 3, D: 2 }, "--set", "scale=8");
      const first = (await head.step(x, y, 0.1)).loss;
      for (let i = 0; i < 30; i++) await head.step(x, y, 0.1);
      assert.ok((await head.run([x, y])).loss < first / 2);
    });

    test("arrays in every form mean the same", async () => {
      const head = await load("softmax", { C: 3, D: 2 });
      const want = (await head.run([x, y])).gradEmbeddings;
      assert.deepEqual(want.constructor, Float32Array);
      const flat = x.flat();
      const forms = [
        [flat, y],
        [Float32Array.from(flat), Int32Array.from(y)],
        [Float64Array.from(flat), Uint8Array.from(y)],
        [{ data: flat, dims: [4, 2] }, BigInt64Array.from(y.map(BigInt))],
        [new ort.Tensor("float32", Float32Array.from(flat), [4, 2]), y.map(BigInt)],
      ];
      for (const form of forms) assert.deepEqual((await head.run(form)).gradEmbeddings, want);
      assert.equal((await head.run([[], []])).loss, 0);
    });

    test("a label outside the classes is ignored, and counted", async () => {
      const head = await load("softmax", { C: 3, D: 2 });
      const { ignored, gradEmbeddings } = await head.run([x, [0, -1, 3, 1]]);
      assert.equal(ignored, 2);
      assert.deepEqual(Array.from(gradEmbeddings.slice(2, 6)), [0, 0, 0, 0]);
    });

    test("steps that are asked for at once are made one after the other", async () => {
      const [one, two] = [await load("a-softmax", { C: 3, D: 2 }), await load("a-softmax", { C: 3, D: 2 })];
      const together = (await Promise.all([1, 2, 3, 4].map(() => one.step(x, y, 0.5)))).map((f) => f.loss);
      const single = [];
      for (let i = 0; i < 4; i++) single.push((await two.step(x, y, 0.5)).loss);
      assert.deepEqual(together, single);
    });

    test("a step that fails moves nothing and stops no other", async () => {
      const head = await load("softmax", { C: 3, D: 2 });
      const before = Float32Array.from(head.parameters.weight.data);
      await assert.rejects(head.step(x, [0], 0.1), LossError);
      assert.deepEqual(head.parameters.weight.data, before);
      assert.equal(head.iteration, 0);
      assert.ok((await head.step(x, y, 0.1)).loss > 0);
    });

    test("weighted sums, float64, rows for themselves, and a miner's rows", async () => {
      const sum = await load("softmax + 0.003*center", { C: 3, D: 2 });
      const parts = await sum.step(x, y, 0.1);
      near(parts["loss.softmax"] + 0.003 * parts["loss.center"], parts.loss);
      assert.ok(sum.state.centers.data.some((c) => c !== 0));
      const double = await load("arcface", { C: 3, D: 2 }, "--dtype", "f64");
      assert.equal((await double.step(x, y, 0.1)).gradEmbeddings.constructor, Float64Array);
      const rows = await load("softmax", { C: 3, D: 2 }, "--reduction", "none");
      assert.equal((await rows.run([x, y])).loss.length, 4);
      const triplet = await load("triplet", { D: 2 });
      assert.deepEqual(triplet.takes, ["anchor", "positive", "negative"]);
      assert.equal((await triplet.step(x, x, x, 0.1)).gradAnchor.length, 8);
    });

    test("a file is given by its bytes, its URL or its path", async (t) => {
      const bytes = await built("triplet", "--grad");
      const path = join(folder, "triplet_--grad.onnx");
      const server = createServer((_, answer) => answer.end(bytes)).listen(0, "127.0.0.1");
      t.after(() => server.close());
      await once(server, "listening");
      const forms = {
        bytes,
        "a part of a longer array": new Uint8Array([0, ...bytes, 0]).subarray(1, -1),
        "an ArrayBuffer": Uint8Array.from(bytes).buffer,
        "an ArrayBuffer of another context": runInNewContext(`Uint8Array.from([${[...bytes]}]).buffer`),
        "a path from here": relative(process.cwd(), path),
        "a path from the root": path,
        "a URL of a file": pathToFileURL(path),
        "a URL of a file, written": pathToFileURL(path).href,
        "a URL with the bytes": `data:application/octet-stream;base64,${bytes.toString("base64")}`,
        "a URL of a server": `http://127.0.0.1:${server.address().port}/triplet.onnx`,
      };
      for (const [what, file] of Object.entries(forms)) {
        assert.equal((await Loss.load(ort, file, { session, D: 2 })).name, "triplet", what);
      }
    });

    test("messages name what was found, and what was wanted", async (t) => {
      const head = await load("softmax", { C: 3, D: 2 });
      const server = createServer((_, answer) => answer.writeHead(404).end()).listen(0, "127.0.0.1");
      t.after(() => server.close());
      await once(server, "listening");
      const missing = `http://127.0.0.1:${server.address().port}/none.onnx`;
      const wrong = [
        [() => head.run([[[1, 2, 3]], [0]]), /embeddings: found 3 numbers of shape \[1, 3\], want \[N, D=2\]/],
        [() => head.run([[1, 2, 3], [0]]), /embeddings: found 3 numbers, want \[N, D=2\], a multiple of 2/],
        [() => head.run([x, [0, 1]]), /labels: found 2 numbers, want \[N=4\]/],
        [() => head.run([x, [0, 1, 2, 0.5]]), /labels: found 0.5, want whole numbers/],
        [() => head.run([x]), /softmax: found 1 inputs, want 2: embeddings, labels/],
        [() => head.run([x, "no"]), /labels: found string, want an array of shape \[N=4\]/],
        [() => head.run([x, null]), /labels: found null/],
        [() => head.run([x, y], { sigma: 1 }), /sigma: softmax has no such input; it has embeddings, labels, weight, bias/],
        [() => head.run([x], { lables: y }), /^lables: softmax has no such input; did you mean "labels"\?; it has embeddings, /],
        [() => head.step(x, { lr: 1, given: { label: y } }), /^label: softmax has no such input; did you mean "labels"\?; /],
        [() => head.step(x, y), /the last argument is the learning rate/],
        [() => head.step(x, y, NaN), /the last argument is the learning rate/],
        [() => load("arcface", { C: 3 }), /weight \[C, D\]: give the extent D/],
        [() => load("arcface", { C: 2.5, D: 2 }), /C: found 2.5, want a whole number/],
        [() => load("arcface", { C: 3, D: 2, data: { weight: [1, 2] } }), /weight: found 2 numbers/],
        [() => load("arcface", { C: 3, D: 2, data: { wieght: [1, 2] } }), /wieght: arcface has no such input; did you mean "weight"\?; it has /],
        [() => load("triplet", {}).then((h) => h.run([[1, 2], [1, 2], [1, 2]])), /no extent is known; give D to load/],
        [() => load("arcface", { C: 3, D: 2 }, "--dtype", "f16"), /build the file with --dtype f32 or f64/],
        [() => Loss.load(ort, "none.onnx"), new RegExp(`^none\\.onnx: found no such file, seen from ${process.cwd()}; give the path`)],
        [() => Loss.load(ort, folder), /: found a folder, seen from .*; give the path/],
        [() => Loss.load(ort, "http://127.0.0.1:1/x.onnx"), /^http:\S+: found nothing there \(.+\); give the URL of a file of losscc build, or its bytes$/],
        [() => Loss.load(ort, missing), /^http:\S+: found 404 Not Found; give the URL/],
        [() => Loss.load(ort, undefined), /^found undefined for a file, want its bytes, its URL or its path$/],
        [() => Loss.load(ort, null), /^found null for a file/],
        [() => Loss.load(ort, new Uint8Array([8, 8])), /was not made by losscc build/],
        [() => Loss.load(ort, new Uint8Array([8])), /ends in the middle of a number/],
        [() => Loss.load(ort, new Uint8Array([0x3a, 100, 1])), /ends in the middle of a field/],
        [() => Loss.load(ort, new Uint8Array([0x0b])), /wire type 3/],
        [async () => (await Loss.load(ort, await built("softmax"), { C: 3, D: 2, session })).step(x, y, 0.1), /no gradient of weight; build it with --grad/],
        [async () => Loss.load(ort, await built("mine-triplets")), /mine-triplets is no loss: its outputs are triplets/],
      ];
      for (const [call, message] of wrong) {
        await assert.rejects(async () => call(), (e) => {
          assert.ok(e instanceof LossError, `${e}`);
          assert.match(e.message, message);
          return true;
        });
      }
    });
  });
}
