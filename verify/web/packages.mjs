// The packages of package.json, from wherever packages.sh put them: from
// $LOSSCC_NODE_MODULES, or from a node_modules folder beside this file.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder whose node_modules are used. */
export const home = process.env.LOSSCC_NODE_MODULES
  ? dirname(process.env.LOSSCC_NODE_MODULES)
  : dirname(fileURLToPath(import.meta.url));

const require = createRequire(join(home, "package.json"));

/** The package of that name. */
export const pack = (name) => require(name);

/** The folder in which a package's files are. */
export const folderOf = (name) => join(home, "node_modules", name);

/** The runtimes by name, each with one thread. */
export function runtimes() {
  const web = pack("onnxruntime-web");
  web.env.wasm.numThreads = 1;
  return { "onnxruntime-web": web, "onnxruntime-node": pack("onnxruntime-node") };
}

/** Options of a session with one thread and no talk but errors. */
export const session = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
