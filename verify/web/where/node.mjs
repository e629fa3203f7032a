// Runs every case in onnxruntime-web (wasm, by Node) and in onnxruntime-node.
//
//     node node.mjs FOLDER

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { difference, readNpy } from "../losscc.mjs";
import { folderOf, runtimes, session } from "../packages.mjs";

const [folder] = process.argv.slice(2);
const cases = JSON.parse(await readFile(join(folder, "cases.json"), "utf8"));

async function one(ort, made) {
  let run;
  try {
    run = await ort.InferenceSession.create(await readFile(made.file), session);
    const feeds = {};
    for (const { name } of made.inputs) {
      const { type, data, dims } = await readNpy(join(made.folder, `${name}.npy`));
      feeds[name] = new ort.Tensor(type, data, dims);
    }
    const found = await run.run(feeds);
    const wrong = made.outputs.map((want) => difference(want, found[want.name])).find(Boolean);
    return wrong ? { result: "differs", why: wrong } : { result: "agrees" };
  } catch (e) {
    return { result: "fails", why: String(e.message ?? e) };
  } finally {
    await run?.release();
  }
}

const NAMES = { "onnxruntime-web": `onnxruntime-web (wasm, Node ${process.versions.node.split(".")[0]})`, "onnxruntime-node": "onnxruntime-node" };
for (const [name, ort] of Object.entries(runtimes())) {
  const results = [];
  for (const made of cases) {
    results.push({ loss: made.loss, form: made.form, gradient: made.gradient, ...(await one(ort, made)) });
  }
  const { version } = JSON.parse(await readFile(join(folderOf(name), "package.json"), "utf8"));
  await writeFile(join(folder, `${name}.result.json`), JSON.stringify({ runtime: NAMES[name], version, results }));
}
