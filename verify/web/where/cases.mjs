// Writes what is asked of every runtime: for each loss, in both forms, with and
// without its gradient, the file, inputs drawn for it and the outputs that
// losscc's own evaluator gives, and cases.json, which lists them.
//
//     node cases.mjs FOLDER

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { losses, makeCase } from "../losscc.mjs";

const [folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const cases = [];
for (const loss of await losses()) {
  for (const form of ["functions", "flat"]) {
    for (const gradient of [false, true]) {
      const made = await makeCase(folder, loss, { form, gradient });
      if (made) cases.push(made);
    }
  }
}
await writeFile(join(folder, "cases.json"), JSON.stringify(cases));
console.error(`${cases.length} files of ${new Set(cases.map((c) => c.loss)).size} losses`);
