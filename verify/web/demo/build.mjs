// Makes the page's folder: the losses as files, the module that trains with
// them, the digits, and onnxruntime-web. Any server of plain files can show it:
//
//     node verify/web/demo/build.mjs FOLDER
//     python3 -m http.server --directory FOLDER
//
// The packages come from where verify/web/packages.sh put them:
// LOSSCC_NODE_MODULES=$(verify/web/packages.sh).

import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { losscc, root } from "../losscc.mjs";
import { folderOf } from "../packages.mjs";
import { choices } from "./choices.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const PAGE = ["index.html", "demo.css", "demo.mjs", "drawing.mjs", "training.mjs", "network.mjs", "choices.mjs"];
const RUNTIME = ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"];

/** @param {string} folder */
export async function build(folder) {
  await mkdir(folder, { recursive: true });
  for (const file of PAGE) await copyFile(join(here, file), join(folder, file));
  for (const file of RUNTIME) await copyFile(join(folderOf("onnxruntime-web"), "dist", file), join(folder, file));
  await copyFile(join(root, "testdata", "digits.csv"), join(folder, "digits.csv"));
  await losscc("bridge", "javascript", "-o", join(folder, "losscc.mjs"));
  for (const { loss, set, file } of choices) {
    await losscc("build", loss, "--grad", ...set.flatMap((s) => ["--set", s]), "-o", join(folder, file));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.length !== 3) {
    console.error("usage: node build.mjs FOLDER");
    process.exit(2);
  }
  await build(process.argv[2]);
  console.error(`${process.argv[2]}: serve it as plain files, for example: python3 -m http.server --directory ${process.argv[2]}`);
}
