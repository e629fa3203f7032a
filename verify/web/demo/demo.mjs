// The page: what is chosen, trained and drawn.
//
// The address may say ?loss=arcface, &seed=3, &steps=500 (train so far, then
// stop) and &start (train at once, also where less motion is asked for).

import * as ort from "./ort.wasm.bundle.min.mjs";
import { choices } from "./choices.mjs";
import { drawCurve, drawPlane, reach } from "./drawing.mjs";
import { Loss } from "./losscc.mjs";
import { Training, means, part, readDigits, separated } from "./training.mjs";

/**
 * @param {string} id
 * @returns {any}
 */
const element = (id) => document.getElementById(id);

const asked = new URLSearchParams(location.search);
const until = Number(asked.get("steps") ?? Infinity);
let seed = Number(asked.get("seed") ?? 1);

// One thread needs no headers from the server, and is enough for the plane.
ort.env.wasm.numThreads = 1;

/** @type {import("./training.mjs").Digits} */
let trained;
/** @type {import("./training.mjs").Digits} */
let held;
/** @type {Training | undefined} */
let training;
let playing = false;
let extent = 1;
let told = 0;
let start = 0; // counts what was started: a loop that is not of the newest ends

/** The choice that the select shows. */
const chosen = () => choices.find((c) => c.name === element("loss").value) ?? choices[0];

/** Makes a new network and a new head of the chosen loss. */
async function begin() {
  const mine = ++start;
  const choice = chosen();
  const before = training;
  training = undefined;
  element("about").textContent = choice.about;
  tell(choice);
  const head = await Loss.load(ort, new URL(choice.file, import.meta.url), { C: 10, D: 2, seed });
  await before?.head.release();
  if (mine !== start) return head.release();
  training = new Training(head, { ...choice }, trained, { seed });
  extent = reach(training.network.forward(trained.images).points);
  element("key-weights").hidden = !head.parameters.weight;
  follow();
  show();
  if (playing) loop();
}

/**
 * Says how the choice's file is made; a line breaks between words only.
 * @param {typeof choices[number]} choice
 */
function tell({ loss, set, file }) {
  const name = loss.includes(" ") ? `'${loss}'` : loss;
  const words = ["losscc build", name, "--grad", ...set.map((s) => `--set ${s}`), `-o ${file}`];
  const spans = words.map((word) => Object.assign(document.createElement("span"), { textContent: word }));
  element("command").replaceChildren(...spans.flatMap((span) => [span, " "]));
}

/** Takes the rate that the slider shows. */
function follow() {
  const times = 10 ** Number(element("rate").value);
  element("rate-value").textContent = `× ${times < 1 ? times.toFixed(2) : times.toFixed(1)}`;
  element("speed-value").textContent = String(2 ** Number(element("speed").value));
  if (!training) return;
  training.choice.rate = chosen().rate * times;
  training.choice.headRate = chosen().headRate * times;
}

/** Trains and draws, a frame at a time, until it is paused or something new starts. */
async function loop() {
  const mine = start;
  while (playing && mine === start && training) {
    if (training.losses.length >= until) return play(false);
    const steps = Math.min(2 ** Number(element("speed").value), until - training.losses.length);
    const frame = performance.now();
    for (let i = 0; i < steps && mine === start && performance.now() - frame < 100; i++) await training?.step();
    if (mine !== start) return;
    show();
    await new Promise(requestAnimationFrame);
  }
}

/** Draws what there is, and says it in words. */
function show() {
  if (!training) return;
  const { network, head, losses, choice } = training;
  const points = network.forward(trained.images).points;
  const heldPoints = network.forward(held.images).points;
  const centres = means(points, trained.labels);
  const right = separated(heldPoints, held.labels, centres, chosen().byAngle);
  const wanted = reach(points);
  extent = Math.max(wanted, extent + 0.1 * (wanted - extent)); // the view widens at once and narrows softly
  drawPlane(element("plane"), {
    trained: { points, labels: trained.labels },
    held: { points: heldPoints, labels: held.labels },
    centres,
    weights: head.parameters.weight?.data,
    extent,
  });
  drawCurve(element("curve"), losses);
  const late = losses.slice(-20);
  const value = late.reduce((sum, l) => sum + l, 0) / late.length;
  element("steps").textContent = String(losses.length);
  element("value").textContent = losses.length ? value.toPrecision(3) : "–";
  element("right").textContent = `${(100 * right).toFixed(1)} %`;
  const now = performance.now();
  if (now - told > 4000 || !playing) {
    told = now;
    const says = `${choice.title}: ${losses.length} steps, loss ${element("value").textContent}, ${(100 * right).toFixed(0)} % of the held-out digits are nearest to their own class`;
    element("status").textContent = `${playing ? "Training" : losses.length ? "Paused" : "Ready"}. ${says}.`;
    element("plane").setAttribute("aria-label", `The points of the digits in ten colours. ${says}.`);
    element("curve").setAttribute("aria-label", `The loss by steps: first ${losses[0]?.toPrecision(3) ?? "–"}, now ${element("value").textContent}.`);
  }
  document.documentElement.dataset.steps = String(losses.length);
}

/** @param {boolean} on */
function play(on) {
  playing = on;
  element("train").textContent = on ? "Pause" : "Train";
  if (on) loop().catch(fault);
  else show();
}

/** @param {unknown} e */
function fault(e) {
  playing = false;
  element("fault").hidden = false;
  element("fault").textContent = `This did not work: ${e instanceof Error ? e.message : e}`;
  element("status").textContent = "";
}

async function main() {
  for (const { name, title } of choices) element("loss").add(new Option(title, name));
  element("loss").value = choices.some((c) => c.name === asked.get("loss")) ? asked.get("loss") : "arcface";
  const table = await fetch(new URL("digits.csv", import.meta.url));
  if (!table.ok) throw new Error(`digits.csv: ${table.status} ${table.statusText}`);
  const digits = readDigits(await table.text());
  trained = part(digits, (place) => place % 5 !== 0);
  held = part(digits, (place) => place % 5 === 0);
  await begin();

  element("loss").addEventListener("change", () => begin().catch(fault));
  element("again").addEventListener("click", () => {
    seed++;
    begin().catch(fault);
  });
  element("train").addEventListener("click", () => play(!playing));
  element("rate").addEventListener("input", follow);
  element("speed").addEventListener("input", follow);
  addEventListener("resize", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  element("train").disabled = element("again").disabled = false;
  // For tests, and for who wants to look: what is on the page as numbers.
  Object.assign(window, {
    losscc: {
      losses: () => training?.losses.slice(),
      held: () => ({ points: Array.from(training?.network.forward(held.images).points ?? []), labels: Array.from(held.labels) }),
    },
  });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!still || asked.has("start")) play(true);
}

main().catch(fault);
