// Makes the table "where it runs" from the results of all runtimes.
//
//     node table.mjs FOLDER OUT      writes OUT.json and OUT.md
//
// Nothing is in it that no run showed: a runtime without a result has no row.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ORDER = [
  "ONNX Runtime", "onnx reference evaluator", "onnxruntime-web", "onnxruntime-node", "OpenVINO", "tract",
  "onnx2torch", "onnx-gomlx",
];

/** Why something failed, in few words and without the path of a file. */
export function reason(why) {
  const known = [
    [/does not support ONNX functions/, () => "it reads no functions"],
    [/domain='ai\.losscc'/, () => "it reads no functions"],
    [/operation_type='(\w+)', version=(\d+)/, (m) => `no ${m[1]} as of opset ${m[2]}`],
    [/unimplemented ONNX op "(\w+)"/, (m) => `no ${m[1]}`],
    [/Unimplemented\(\w+(Margin|Grad)\)|ai\.losscc\.\w+/, () => "it reads no functions"],
    [/Unimplemented\((\w+)\)/, (m) => `no ${m[1]}`],
    [/Impossible to unify/, () => "a told extent is another than the size given"],
    [/"allowzero=1" is not implemented/, () => "no Reshape with allowzero"],
    [/Evaluating #\d+ "[^"]*" (\w+)\s+Caused by:\s+([^\n]+)/, (m) => `${m[1]}: ${m[2]}`],
  ];
  for (const [pattern, words] of known) {
    const m = pattern.exec(why);
    if (m) return words(m);
  }
  return why.split("\n")[0].replaceAll(/\/\S*\//g, "").slice(0, 160);
}

/** A row for each runtime and form. */
export function rows(all) {
  const place = ({ runtime }) => ORDER.findIndex((name) => runtime.startsWith(name));
  const newest = (a, b) => b.version.localeCompare(a.version, "en", { numeric: true });
  return [...all]
    .sort((a, b) => place(a) - place(b) || newest(a, b))
    .flatMap(({ runtime, version, results }) =>
      ["functions", "flat"].map((form) => {
        const part = (gradient) => {
          const asked = results.filter((r) => r.form === form && r.gradient === gradient);
          return {
            of: asked.length,
            agrees: asked.filter((r) => r.result === "agrees").map((r) => r.loss),
            not: asked.filter((r) => r.result !== "agrees").map((r) => ({ loss: r.loss, result: r.result, why: reason(r.why) })),
          };
        };
        return { runtime, version, form, forward: part(false), gradient: part(true) };
      }),
    );
}

const cell = ({ of, agrees }) => (agrees.length === of ? `all ${of}` : agrees.length === 0 ? `none of ${of}` : `${agrees.length} of ${of}`);

/** What does not run in a row, by reason: those with the most losses first. */
function missing({ forward, gradient }) {
  const by = new Map();
  for (const { loss, result, why } of [...forward.not, ...gradient.not]) {
    const key = result === "differs" ? `another value: ${why}` : why;
    by.set(key, (by.get(key) ?? new Set()).add(loss));
  }
  return [...by]
    .sort((a, b) => b[1].size - a[1].size || (a[0] < b[0] ? -1 : 1))
    .map(([why, losses]) => `${why} (${losses.size > 4 ? `${losses.size} losses` : [...losses].join(", ")})`);
}

/** The table as Markdown. */
export function markdown(table) {
  const lines = [
    "# Where it runs",
    "",
    "Each loss was built in both forms, without and with its gradient, at the default",
    "opset in float32. A runtime is counted where it loads the file, runs it at drawn",
    "inputs, int64 labels among them, and gives what losscc's own evaluator gives in",
    "float64, to a part 2e-4 of the largest number of each output. Graphs that choose",
    "have no gradient. The files of a loss without a margin op have no function: they",
    "differ at most by shapes that one of them tells ONNX Runtime. `verify/web/where-it-runs.sh`",
    "makes this page.",
    "",
    "| runtime | version | form | forward | gradient |",
    "|---|---|---|---|---|",
    ...table.map((r) => `| ${r.runtime} | ${r.version} | ${r.form} | ${cell(r.forward)} | ${cell(r.gradient)} |`),
    "",
    "What is missing, and what the runtime said first:",
    "",
  ];
  for (const row of table) {
    const gaps = missing(row);
    if (gaps.length) lines.push(`- ${row.runtime} ${row.version}, ${row.form}: ${gaps.join("; ")}.`);
  }
  return `${lines.join("\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, out] = process.argv.slice(2);
  const files = (await readdir(folder)).filter((f) => f.endsWith(".result.json"));
  const all = await Promise.all(files.map(async (f) => JSON.parse(await readFile(join(folder, f), "utf8"))));
  const table = rows(all);
  const lines = table.map((row) => JSON.stringify(row)).join(",\n");
  await writeFile(`${out}.json`, `{"schema":"losscc.where-it-runs/1","rows":[\n${lines}\n]}\n`);
  await writeFile(`${out}.md`, markdown(table));
}
