// The training that the page shows: batches of digits through the network, a
// loss's file for the value and its derivative, and how far the points are apart.

import { Network, randomNumbers } from "./network.mjs";

/**
 * @typedef {{ images: Float64Array, labels: Int32Array }} Digits
 * @typedef {{ name: string, file: string, title: string, about: string, rate: number, headRate: number, spread?: number }} Choice
 */

/**
 * The digits of a table of 64 grey levels from 0 to 16 and the label.
 * @param {string} csv
 * @returns {Digits}
 */
export function readDigits(csv) {
  const lines = csv.trim().split("\n").slice(1);
  const images = new Float64Array(lines.length * 64);
  const labels = new Int32Array(lines.length);
  lines.forEach((line, row) => {
    const numbers = line.split(",").map(Number);
    if (numbers.length !== 65) throw new Error(`line ${row + 2} of the digits has ${numbers.length} columns, want 65`);
    for (let i = 0; i < 64; i++) images[row * 64 + i] = numbers[i] / 16;
    labels[row] = numbers[64];
  });
  return { images, labels };
}

/**
 * The digits whose place passes.
 * @param {Digits} digits
 * @param {(place: number) => boolean} passes
 * @returns {Digits}
 */
export function part(digits, passes) {
  const places = [...digits.labels.keys()].filter(passes);
  return rows(digits, places);
}

/**
 * @param {Digits} digits
 * @param {ArrayLike<number>} places
 * @returns {Digits}
 */
function rows(digits, places) {
  const images = new Float64Array(places.length * 64);
  const labels = new Int32Array(places.length);
  for (let i = 0; i < places.length; i++) {
    images.set(digits.images.subarray(places[i] * 64, places[i] * 64 + 64), i * 64);
    labels[i] = digits.labels[places[i]];
  }
  return { images, labels };
}

/** A network and a loss in training. */
export class Training {
  /**
   * @param {any} head a Loss of losscc.mjs
   * @param {Choice} choice
   * @param {Digits} digits
   * @param {{ seed?: number, batch?: number }} [options]
   */
  constructor(head, choice, digits, { seed = 1, batch = 100 } = {}) {
    this.head = head;
    this.choice = choice;
    this.digits = digits;
    this.batch = batch;
    this.random = randomNumbers(seed);
    this.network = new Network(64, this.random);
    /** @type {number[]} one a step */
    this.losses = [];
    /** @type {number[]} the places that this round still has */
    this.left = [];
    const weight = head.parameters.weight;
    if (choice.spread && weight) {
      // In the plane a start of 0.01 is so near 0 that the first step would throw a
      // normalised weight far out, where nothing moves it: it starts at length 1.
      for (let j = 0; j < weight.dims[0]; j++) {
        const angle = 2 * Math.PI * this.random();
        weight.data[2 * j] = choice.spread * Math.cos(angle);
        weight.data[2 * j + 1] = choice.spread * Math.sin(angle);
      }
    }
  }

  /** The next digits; every digit comes once a round, in a new order. */
  next() {
    if (this.left.length < this.batch) {
      this.left = [...this.digits.labels.keys()];
      for (let i = this.left.length - 1; i > 0; i--) {
        const j = Math.floor(this.random() * (i + 1));
        [this.left[i], this.left[j]] = [this.left[j], this.left[i]];
      }
    }
    return rows(this.digits, this.left.splice(-this.batch));
  }

  /** One step; its loss. */
  async step() {
    const { images, labels } = this.next();
    const pass = this.network.forward(images);
    const { loss, gradEmbeddings } = await this.head.step(pass.points, labels, this.choice.headRate);
    this.network.step(pass, gradEmbeddings, this.choice.rate);
    this.losses.push(loss);
    return loss;
  }
}

/**
 * The mean point of each class.
 * @param {ArrayLike<number>} points
 * @param {ArrayLike<number>} labels
 */
export function means(points, labels) {
  const sums = Array.from({ length: 10 }, () => ({ x: 0, y: 0, n: 0 }));
  for (let i = 0; i < labels.length; i++) {
    const s = sums[labels[i]];
    s.x += points[2 * i];
    s.y += points[2 * i + 1];
    s.n++;
  }
  return sums.map(({ x, y, n }) => ({ x: x / Math.max(n, 1), y: y / Math.max(n, 1) }));
}

/**
 * The part of the points that the mean of their own class is nearest to; by
 * angle, where only the angle counts for the loss.
 * @param {ArrayLike<number>} points
 * @param {ArrayLike<number>} labels
 * @param {{ x: number, y: number }[]} centres
 * @param {boolean} [byAngle]
 */
export function separated(points, labels, centres, byAngle = false) {
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    let least = Infinity;
    centres.forEach(({ x, y }, j) => {
      const [px, py] = [points[2 * i], points[2 * i + 1]];
      const far = byAngle
        ? -(px * x + py * y) / (Math.hypot(px, py) * Math.hypot(x, y) || 1)
        : (px - x) ** 2 + (py - y) ** 2;
      if (far < least) [best, least] = [j, far];
    });
    if (best === labels[i]) right++;
  }
  return right / labels.length;
}
