// The table "where it runs": it says what the results say, and the page in
// testdata is that of the data beside it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { losses, root } from "../losscc.mjs";
import { markdown, reason, rows } from "../where/table.mjs";

const result = (loss, form, gradient, why) => ({ loss, form, gradient, result: why ? "fails" : "agrees", why });

test("a row counts what agreed, and says why the rest did not", () => {
  const made = rows([
    {
      runtime: "tract", version: "1.9.0",
      results: [
        result("a", "functions", false), result("b", "functions", false, 'x Unimplemented(ArcMargin) y'),
        result("a", "flat", false), result("b", "flat", false),
        result("a", "functions", true, "boom in /tmp/x/y.onnx\nmore"), result("a", "flat", true),
      ],
    },
  ]);
  const page = markdown(made);
  assert.match(page, /\| tract \| 1\.9\.0 \| functions \| 1 of 2 \| none of 1 \|/);
  assert.match(page, /\| tract \| 1\.9\.0 \| flat \| all 2 \| all 1 \|/);
  assert.match(page, /- tract 1\.9\.0, functions: boom in y\.onnx \(a\); it reads no functions \(b\)\./);
  assert.doesNotMatch(page, /, flat:/);
});

test("runtimes stand in the order of the page, newest first, and one that was not run has no row", () => {
  const run = (runtime, version) => ({ runtime, version, results: [result("a", "flat", false)] });
  const made = rows([run("tract", "1"), run("ONNX Runtime", "1.9.0"), run("ONNX Runtime", "1.10.0")]);
  assert.deepEqual(made.filter((r) => r.form === "flat").map((r) => r.version), ["1.10.0", "1.9.0", "1"]);
});

test("reasons are short", () => {
  assert.equal(reason("OperationDescription(domain='', operation_type='LessOrEqual', version=16)"), "no LessOrEqual as of opset 16");
  assert.equal(reason("OperationDescription(domain='ai.losscc', operation_type='ArcMargin', version=1)"), "it reads no functions");
  assert.equal(reason('unimplemented ONNX op "ReduceMax" in Node'), "no ReduceMax");
  assert.equal(reason("x\nai.losscc.ArcMargin-1"), "it reads no functions");
  assert.equal(reason("Failed analyse\n 2: Unifying shapes 8,10 and N,C\n 3: Impossible to unify Val(8) with Sym(N)."), "a told extent is another than the size given");
  assert.ok(reason("long ".repeat(200)).length <= 160);
});

test("the page in testdata is that of its data, of losses that there are", async () => {
  const path = join(root, "testdata", "where-it-runs");
  const { rows: table } = JSON.parse(await readFile(`${path}.json`, "utf8"));
  assert.equal(await readFile(`${path}.md`, "utf8"), markdown(table));
  const there = new Set(await losses());
  for (const { forward, gradient } of table) {
    for (const loss of [...forward.agrees, ...gradient.agrees]) assert.ok(there.has(loss), `${loss} is no loss`);
  }
});
