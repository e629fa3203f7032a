// A small network from 64 grey levels to a point in the plane, with its
// derivative written out and Adam's step: all that the page needs besides a
// loss's file.

/**
 * A function that gives numbers in [0, 1) which a seed decides.
 * @param {number} seed
 */
export function randomNumbers(seed) {
  let word = seed >>> 0;
  return () => {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    let x = word ^ (word >>> 16);
    x = Math.imul(x, 0x7feb352d);
    x ^= x >>> 15;
    return (x >>> 0) / 2 ** 32;
  };
}

/** Weights that Adam moves. */
class Trained {
  /**
   * @param {number} length
   * @param {() => number} first
   */
  constructor(length, first) {
    this.value = Float64Array.from({ length }, first);
    this.gradient = new Float64Array(length);
    this.mean = new Float64Array(length);
    this.square = new Float64Array(length);
  }

  /**
   * @param {number} rate
   * @param {number} t how many steps were made, this one among them
   */
  move(rate, t) {
    const [keep, keepSquare] = [0.9, 0.99];
    const [whole, wholeSquare] = [1 - keep ** t, 1 - keepSquare ** t];
    for (let i = 0; i < this.value.length; i++) {
      const g = this.gradient[i];
      this.mean[i] += (1 - keep) * (g - this.mean[i]);
      this.square[i] += (1 - keepSquare) * (g * g - this.square[i]);
      this.value[i] -= (rate * (this.mean[i] / whole)) / (Math.sqrt(this.square[i] / wholeSquare) + 1e-8);
    }
    this.gradient.fill(0);
  }
}

/** One layer: inputs times weights, plus offsets. */
class Layer {
  /**
   * @param {number} from
   * @param {number} to
   * @param {() => number} random
   */
  constructor(from, to, random) {
    this.from = from;
    this.to = to;
    const bound = Math.sqrt(6 / from);
    this.weight = new Trained(from * to, () => bound * (2 * random() - 1));
    this.offset = new Trained(to, () => 0);
  }

  /** @param {Float64Array} x @param {number} rows */
  forward(x, rows) {
    const { from, to } = this;
    const y = new Float64Array(rows * to);
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < to; j++) {
        let sum = this.offset.value[j];
        for (let i = 0; i < from; i++) sum += x[r * from + i] * this.weight.value[j * from + i];
        y[r * to + j] = sum;
      }
    }
    return y;
  }

  /**
   * Takes the derivative for what came out, and gives that for what went in.
   * @param {Float64Array} x
   * @param {ArrayLike<number>} gy
   * @param {number} rows
   */
  backward(x, gy, rows) {
    const { from, to } = this;
    const gx = new Float64Array(rows * from);
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < to; j++) {
        const g = gy[r * to + j];
        if (g === 0) continue;
        this.offset.gradient[j] += g;
        for (let i = 0; i < from; i++) {
          this.weight.gradient[j * from + i] += g * x[r * from + i];
          gx[r * from + i] += g * this.weight.value[j * from + i];
        }
      }
    }
    return gx;
  }
}

/** 64 inputs, a layer of hidden units of which the negative ones are silent, a point in the plane. */
export class Network {
  /**
   * @param {number} hidden
   * @param {() => number} random
   */
  constructor(hidden, random) {
    this.layers = [new Layer(64, hidden, random), new Layer(hidden, 2, random)];
    this.steps = 0;
  }

  /**
   * The points of some images, and what backward needs of them.
   * @param {Float64Array} images rows of 64
   */
  forward(images) {
    const rows = images.length / 64;
    const hidden = this.layers[0].forward(images, rows).map((h) => Math.max(h, 0));
    return { images, hidden, rows, points: this.layers[1].forward(hidden, rows) };
  }

  /**
   * One step of Adam against the derivative for the points.
   * @param {{ images: Float64Array, hidden: Float64Array, rows: number }} pass
   * @param {ArrayLike<number>} gradient
   * @param {number} rate
   */
  step({ images, hidden, rows }, gradient, rate) {
    const g = this.layers[1].backward(hidden, gradient, rows);
    for (let i = 0; i < g.length; i++) if (hidden[i] === 0) g[i] = 0;
    this.layers[0].backward(images, g, rows);
    this.steps++;
    for (const { weight, offset } of this.layers) {
      weight.move(rate, this.steps);
      offset.move(rate, this.steps);
    }
  }
}
