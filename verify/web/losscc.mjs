// The compiler at work for tests and tables: it builds files, draws inputs for
// them and says, by its own evaluator in float64, what must come out.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The repository's first folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Extents at which inputs are drawn; other symbols get 4. */
const EXTENTS = { N: 8, C: 10, D: 6, K: 3, P: 5 };

/** @type {Promise<string> | undefined} */
let built;

/** The compiler's path: $LOSSCC, or built now from the checkout. */
export function compiler() {
  built ??= process.env.LOSSCC
    ? Promise.resolve(process.env.LOSSCC)
    : (async () => {
        const path = join(mkdtempSync(join(tmpdir(), "losscc-")), "losscc");
        await run("go", ["build", "-o", path, "./cmd/losscc"], { cwd: root });
        return path;
      })();
  return built;
}

/** What a command of losscc prints; with --json among the arguments, what that says. */
export async function losscc(...args) {
  const { stdout } = await run(await compiler(), args, { maxBuffer: 1 << 28 });
  return args.includes("--json") ? JSON.parse(stdout) : stdout;
}

/** The names of all losses, and of the graphs that choose. */
export async function losses() {
  return (await losscc("list", "--json")).losses.map((loss) => loss.name);
}

/**
 * Builds a loss into folder, draws inputs for it and evaluates it there.
 * @returns {Promise<{loss: string, form: string, gradient: boolean, file: string, folder: string,
 *   inputs: {name: string, dtype: string}[], outputs: {name: string, dtype: string, shape: number[], data: number[]}[]}
 *   | undefined>} undefined of a graph that has no gradient, where one is asked for
 */
export async function makeCase(folder, loss, { form = "functions", gradient = true, dtype = "f32", set = [] } = {}) {
  const name = [loss.replaceAll(/[^a-z0-9-]+/g, "_"), form, gradient ? "grad" : "value", dtype, ...set].join(".");
  const file = join(folder, `${name}.onnx`);
  const args = ["build", loss, "-o", file, "--json", "--form", form, "--dtype", dtype, ...set.flatMap((s) => ["--set", s])];
  let made;
  try {
    made = await losscc(...args, ...(gradient ? ["--grad"] : []));
  } catch (e) {
    if (gradient && /no gradient|--grad/.test(e.stderr ?? "")) return undefined;
    throw e;
  }
  const symbols = new Set(made.inputs.flatMap((input) => input.shape).filter((d) => typeof d === "string"));
  const extents = [...symbols].map((d) => `${d}=${EXTENTS[d] ?? 4}`).join(",");
  const out = join(folder, name);
  const ran = await losscc("run", file, "--random", extents, "--seed", "1", "--out", out, "--json");
  return { loss, form, gradient, file, folder: out, inputs: ran.inputs, outputs: ran.outputs };
}

/**
 * A NumPy file of version 1 in C order, as every runtime's Tensor wants it.
 * @param {string} path
 */
export async function readNpy(path) {
  const bytes = await readFile(path);
  const length = bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, 10 + length);
  const kind = /'descr': *'<?\|?([a-z]\d+)'/.exec(header)?.[1] ?? "";
  const dims = /'shape': *\(([^)]*)\)/.exec(header)?.[1].split(",").filter((s) => s.trim()).map(Number);
  const known = { f4: ["float32", Float32Array], f8: ["float64", Float64Array], i8: ["int64", BigInt64Array] }[kind];
  if (!known || !dims || !header.includes("'fortran_order': False")) throw new Error(`${path}: header ${header} is not read`);
  const [type, Kind] = known;
  const data = new Kind(bytes.buffer.slice(bytes.byteOffset + 10 + length, bytes.byteOffset + bytes.length));
  return { type, data, dims };
}

/**
 * How an output differs from what must come out, or undefined where it does not.
 * Floats may differ by the part 2e-4 of the array's largest number.
 * @param {{name: string, dtype: string, shape: number[], data: number[]}} want
 * @param {{data: ArrayLike<number | bigint>, dims: readonly number[]} | undefined} got
 */
export function difference(want, got, tolerance = 2e-4) {
  if (!got) return `${want.name}: no such output`;
  if (String(want.shape) !== String(got.dims)) return `${want.name}: found shape [${got.dims}], want [${want.shape}]`;
  const numbers = want.data.map(Number);
  const largest = numbers.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const bound = want.dtype.startsWith("float") ? tolerance * largest + 1e-6 : 0;
  for (const [i, x] of numbers.entries()) {
    const y = Number(got.data[i]);
    if (!(Math.abs(x - y) <= bound) && !(Number.isNaN(x) && Number.isNaN(y)) && x !== y) {
      return `${want.name}: found ${y} at ${i}, want ${x}`;
    }
  }
  return undefined;
}
