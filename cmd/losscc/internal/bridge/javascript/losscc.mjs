// Losses that losscc compiled to ONNX, trained in JavaScript.
//
//     import * as ort from "onnxruntime-web"; // or "onnxruntime-node"
//     import { Loss } from "./losscc.mjs";
//
//     const head = await Loss.load(ort, "arcface.onnx", { C: 10, D: 2 });
//     const { loss, gradEmbeddings } = await head.step(embeddings, labels, 0.1);
//
// `losscc bridge javascript` writes this file. The ONNX Runtime is handed to it;
// it imports nothing itself, save what reads files, and that in Node only. A file
// must come from `losscc build --grad` to be trained with.
//
// What becomes of the file's inputs
//     A parameter (`weight`, `bias`, `margins`, ...) is kept here, started as the
//     loss's paper starts it, and moved by step(). State (`t`, `centers`, ...) is
//     kept here and moves in step() only. A schedule (`lambda`) follows the rule
//     that the file states, counted by step(). Noise is drawn anew in each step(),
//     and in run() is zero where it is a normal deviate. Data (`class_counts`) is
//     given once to load(). What is left (`embeddings`, `labels`, `triplets`, ...)
//     goes to step() and run() in the file's order.
//
// How arrays are given
//     As a flat array or typed array, whose shape is worked out from the extents
//     that are known (embeddings from D); as nested arrays; or as {data, dims},
//     which is what a Tensor of ONNX Runtime is. Whole numbers may be numbers or
//     BigInts: they become the BigInt64Array that an int64 input wants.
//
// What comes back
//     Every output of the file under its name in camel case (`grad_embeddings` as
//     gradEmbeddings): one number where it has no extents, else a typed array.
//     Random numbers come from one generator, seeded by `seed`: the same calls
//     give the same numbers.

/**
 * @typedef {{ data: any, dims: readonly number[] }} Shaped
 * @typedef {number | bigint | ArrayLike<any> | Shaped} Given
 * @typedef {Float32Array | Float64Array | BigInt64Array | Int32Array} Typed
 * @typedef {{ data: Typed, dims: number[] }} Value
 * @typedef {{ name: string, type: string, dims: (string | number)[] }} Port
 * @typedef {{ base: number, gamma: number, power: number, min: number }} Schedule
 * @typedef {Record<string, any> & { loss: any }} Outputs
 */

/**
 * What is needed of onnxruntime-web or onnxruntime-node.
 * @typedef {object} Ort
 * @property {{ create(bytes: Uint8Array, options?: any): Promise<any> }} InferenceSession
 * @property {new (type: any, data: any, dims: readonly number[]) => any} Tensor
 */

/**
 * How a loss is loaded.
 * @typedef {object} Options
 * @property {number} [C] how many classes there are; needed where a parameter or state has that extent
 * @property {number} [D] the dimension of the embeddings
 * @property {number} [K] how many sub-centres a class has; otherwise as the file was built
 * @property {number} [P] how many proxies there are
 * @property {number} [B] how many bins a histogram has that is a state
 * @property {number} [M] how many rows a bank has
 * @property {number} [seed] of every random number, 1 unless given
 * @property {number} [momentum] of SGD, 0 unless given
 * @property {number} [weightDecay] of SGD, 0 unless given
 * @property {Record<string, Given>} [data] inputs of the role data, and first values of parameters and state
 * @property {object} [session] options of the ONNX Runtime's session
 */

/**
 * How a step is made.
 * @typedef {object} StepOptions
 * @property {number} lr the learning rate; 0 moves state but no parameter
 * @property {Record<string, Given>} [given] any input by name, instead of what would be used
 */

/** A file, or an array given to it, is not what was wanted; the message says what is. */
export class LossError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "LossError";
  }
}

// ---------------------------------------------------------------- the file

/**
 * The fields of a protobuf message: [number, value], where a value is a number,
 * or the bytes of what has a length.
 * @param {Uint8Array} bytes
 * @returns {Generator<[number, any]>}
 */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let place = 1; ; place *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || place > 2 ** 63) throw new LossError("not a whole ONNX file: it ends in the middle of a number");
      value += (byte & 127) * place;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (wire === 0) {
      yield [number, varint()];
      continue;
    }
    if (wire !== 1 && wire !== 2 && wire !== 5) throw new LossError(`not an ONNX file: wire type ${wire} before byte ${at}`);
    const size = wire === 1 ? 8 : wire === 5 ? 4 : varint();
    if (at + size > bytes.length) throw new LossError("not a whole ONNX file: it ends in the middle of a field");
    yield [number, bytes.subarray(at, at + size)];
    at += size;
  }
}

/**
 * The values at a path of field numbers.
 * @param {Uint8Array} bytes
 * @param {number[]} path
 * @returns {any[]}
 */
function inside(bytes, ...path) {
  let found = [bytes];
  for (const number of path) {
    found = found.flatMap((b) => [...fields(b)].filter(([n]) => n === number).map(([, value]) => value));
  }
  return found;
}

const node = typeof (/** @type {any} */ (globalThis).process?.versions?.node) === "string";

/**
 * The bytes of a file, given as they are, by its URL, or in Node by its path.
 * @param {Uint8Array | ArrayBuffer | string | URL} file
 * @returns {Promise<Uint8Array>}
 */
async function read(file) {
  if (ArrayBuffer.isView(file)) return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  // An ArrayBuffer of another window is none of this one's.
  if (Object.prototype.toString.call(file) === "[object ArrayBuffer]") return new Uint8Array(/** @type {ArrayBuffer} */ (file));
  if (typeof file !== "string" && !(file instanceof URL)) {
    throw new LossError(`found ${file === null ? "null" : typeof file} for a file, want its bytes, its URL${node ? " or its path" : ""}`);
  }
  const remote = /^(https?|data|blob):/i.test(String(file));
  return node && !remote ? readPath(file) : readAddress(file);
}

/**
 * @param {string | URL} file a path, or a URL with file:
 * @returns {Promise<Uint8Array>}
 */
async function readPath(file) {
  // Named by a variable, so that what packs modules for a browser lets it be.
  const module = "node:fs/promises";
  const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ module);
  const path = typeof file === "string" && /^file:/i.test(file) ? new URL(file) : file;
  try {
    return new Uint8Array(await readFile(path));
  } catch (e) {
    const { code, message } = /** @type {any} */ (e);
    const found = code === "ENOENT" ? "found no such file" : code === "EISDIR" ? "found a folder" : message;
    const here = /** @type {any} */ (globalThis).process.cwd();
    throw new LossError(`${file}: ${found}, seen from ${here}; give the path of a file of losscc build, its URL or its bytes`);
  }
}

/**
 * @param {string | URL} file what fetch() takes
 * @returns {Promise<Uint8Array>}
 */
async function readAddress(file) {
  const shown = String(file).slice(0, 200);
  const advice = "give the URL of a file of losscc build, or its bytes";
  let found;
  try {
    found = await fetch(file);
  } catch (e) {
    const { message, cause } = /** @type {any} */ (e);
    throw new LossError(`${shown}: found nothing there (${cause?.message || cause?.code || message}); ${advice}`);
  }
  if (!found.ok) throw new LossError(`${shown}: found ${found.status} ${found.statusText}; ${advice}`);
  return new Uint8Array(await found.arrayBuffer());
}

/** @param {Uint8Array | undefined} bytes */
const text = (bytes) => (bytes ? new TextDecoder().decode(bytes) : "");

/** @type {Record<number, string>} */
const TYPES = { 1: "float32", 6: "int32", 7: "int64", 10: "float16", 11: "float64" };

/**
 * A declared input or output.
 * @param {Uint8Array} bytes
 * @returns {Port}
 */
function port(bytes) {
  const dims = inside(bytes, 2, 1, 2, 1).map((dim) => {
    for (const [number, value] of fields(dim)) return number === 2 ? text(value) : value;
    return "?";
  });
  const element = inside(bytes, 2, 1, 1)[0];
  return { name: text(inside(bytes, 1)[0]), type: TYPES[element] ?? `element type ${element}`, dims };
}

/**
 * What a file says of itself.
 * @param {Uint8Array} bytes
 */
function readModel(bytes) {
  /** @type {Record<string, string>} */
  const metadata = {};
  for (const entry of inside(bytes, 14)) metadata[text(inside(entry, 1)[0])] = text(inside(entry, 2)[0]);
  return { inputs: inside(bytes, 7, 11).map(port), outputs: inside(bytes, 7, 12).map(port), metadata };
}

// ---------------------------------------------------------------- random numbers

/** Random numbers that a seed decides. */
class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.word = seed >>> 0;
    /** @type {number | undefined} the second of a pair of normal deviates */
    this.spare = undefined;
  }

  /** Uniform in [0, 1): a counter in steps of 2^32/φ, its bits mixed. */
  uniform() {
    this.word = (this.word + 0x9e3779b9) >>> 0;
    let x = this.word;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
  }

  /** Standard normal, by the angle and the radius of a point in the plane. */
  normal() {
    const spare = this.spare;
    if (spare !== undefined) {
      this.spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

// ---------------------------------------------------------------- arrays

/** @type {Record<string, any>} */
const ARRAYS = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array };

/** @param {readonly number[]} dims */
const size = (dims) => dims.reduce((product, n) => product * n, 1);

/**
 * The extents of a nested array, or undefined of a flat one.
 * @param {any} given
 * @returns {number[] | undefined}
 */
function nested(given) {
  if (!Array.isArray(given) || given.length === 0 || typeof given[0] === "number" || typeof given[0] === "bigint") return undefined;
  const inner = nested(given[0]) ?? [given[0].length];
  return [given.length, ...inner];
}

/**
 * A typed array of a port's type.
 * @param {Port} p
 * @param {ArrayLike<any>} data
 * @returns {Typed}
 */
function typed(p, data) {
  const Kind = ARRAYS[p.type];
  if (Kind === undefined) {
    throw new LossError(`${p.name}: JavaScript has no array of ${p.type}; build the file with --dtype f32 or f64`);
  }
  if (data instanceof Kind) return /** @type {Typed} */ (data);
  if (p.type !== "int64") return Kind.from(data, Number);
  return BigInt64Array.from(data, (x) => {
    if (typeof x === "number" && !Number.isInteger(x)) throw new LossError(`${p.name}: found ${x}, want whole numbers`);
    return BigInt(x);
  });
}

/**
 * What was given for an input, as an array with its extents; extents that it
 * shows for the first time are written down.
 * @param {Port} p
 * @param {Given} given
 * @param {Record<string, number>} extents
 * @returns {Value}
 */
function shaped(p, given, extents) {
  const known = p.dims.map((d) => (typeof d === "number" ? d : extents[d]));
  const wanted = `[${p.dims.map((d, i) => (typeof d === "number" || known[i] === undefined ? d : `${d}=${known[i]}`)).join(", ")}]`;
  /** @type {any} */
  let data = given;
  /** @type {number[] | undefined} */
  let dims;
  if (typeof given === "number" || typeof given === "bigint") [data, dims] = [[given], []];
  else if (given !== null && typeof given === "object" && "dims" in given) [data, dims] = [given.data, [...given.dims]];
  else if (Array.isArray(given)) {
    dims = nested(given);
    data = dims ? given.flat(Infinity) : given;
  }
  if (data === null || typeof data !== "object" || typeof data.length !== "number") {
    throw new LossError(`${p.name}: found ${given === null ? "null" : typeof given}, want an array of shape ${wanted}`);
  }
  dims ??= workedOut(p, data.length, known, wanted);
  const fits = dims.length === p.dims.length && dims.every((n, i) => known[i] === undefined || known[i] === n);
  if (!fits || size(dims) !== data.length) {
    throw new LossError(`${p.name}: found ${data.length} numbers of shape [${dims.join(", ")}], want ${wanted}`);
  }
  p.dims.forEach((d, i) => {
    if (typeof d === "string") extents[d] = /** @type {number[]} */ (dims)[i];
  });
  return { data: typed(p, data), dims };
}

/**
 * The extents of a flat array, where all but one are known.
 * @param {Port} p
 * @param {number} length
 * @param {(number | undefined)[]} known
 * @param {string} wanted
 */
function workedOut(p, length, known, wanted) {
  const open = p.dims.filter((_, i) => known[i] === undefined);
  if (open.length > 1) {
    throw new LossError(`${p.name}: found ${length} numbers in a row, and of ${wanted} no extent is known; give ${open.at(-1)} to load(), or nested arrays`);
  }
  const rest = size(known.map((n) => n ?? 1));
  const last = rest === 0 ? 0 : length / rest;
  if (open.length === 1 && !Number.isInteger(last)) throw new LossError(`${p.name}: found ${length} numbers, want ${wanted}, a multiple of ${rest}`);
  if (open.length === 0 && length !== rest) throw new LossError(`${p.name}: found ${length} numbers, want ${wanted}`);
  return known.map((n) => n ?? last);
}

/**
 * How many letters are put in, left out, changed or swapped with the next to make one word of another.
 * @param {string} a
 * @param {string} b
 */
function edits(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, changed);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}

/** @param {string} name */
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

// ---------------------------------------------------------------- the loss

/**
 * asinh(x·e^power), which is near ±ln|2x·e^power| where e^power has no room.
 * @param {number} x
 * @param {number} power
 */
function asinh(x, power) {
  if (power < 300) return Math.asinh(x * Math.exp(power));
  return x === 0 ? 0 : Math.sign(x) * (Math.log(2 * Math.abs(x)) + power);
}

const FED = new Set(["embeddings", "labels", "index", "data"]);

/** A loss with what it remembers: parameters, state and the count of its steps. */
export class Loss {
  /**
   * Loads a file that losscc built.
   * @param {Ort} ort onnxruntime-web or onnxruntime-node, as imported
   * @param {Uint8Array | ArrayBuffer | string | URL} file the bytes, or where they are: a URL, or in Node a path
   * @param {Options} [options]
   * @returns {Promise<Loss>}
   */
  static async load(ort, file, options = {}) {
    const data = await read(file);
    const loss = new Loss(ort, data, options);
    loss.session = await ort.InferenceSession.create(data, options.session);
    return loss;
  }

  /**
   * Loss.load makes losses; a new one has no session yet.
   * @param {Ort} ort
   * @param {Uint8Array} bytes
   * @param {Options} options
   */
  constructor(ort, bytes, options) {
    const { inputs, outputs, metadata } = readModel(bytes);
    if (metadata["losscc.inputs"] === undefined) {
      throw new LossError("the file does not say what its inputs are for: it was not made by losscc build");
    }
    this.ort = ort;
    /** @type {any} */
    this.session = undefined;
    /** The loss's name, or the weighted sum's. */
    this.name = metadata["losscc.loss"] ?? "the file";
    /** @type {Record<string, string>} the inputs by name, and their roles */
    this.roles = JSON.parse(metadata["losscc.inputs"]);
    /** @type {Record<string, any>} the hyper-parameters that the file was built with */
    this.settings = JSON.parse(metadata["losscc.params"] ?? "{}");
    /** @type {Record<string, Port>} */
    this.ports = Object.fromEntries(inputs.map((p) => [p.name, p]));
    /** The names of the outputs. */
    this.outputs = outputs.map((p) => p.name);
    if (!this.outputs.includes("loss")) {
      throw new LossError(`${this.name} is no loss: its outputs are ${this.outputs.join(", ")}`);
    }
    /** @type {Record<string, Schedule>} */
    this.schedules = {};
    for (const [key, value] of Object.entries(metadata)) {
      const rule = /^losscc\.schedule\.(?:.*\.)?([^.]+)$/.exec(key);
      if (rule) this.schedules[rule[1]] = JSON.parse(value);
    }
    this.random = new Random(options.seed ?? 1);
    this.momentum = options.momentum ?? 0;
    this.weightDecay = options.weightDecay ?? 0;
    /** How many steps were made. */
    this.iteration = 0;
    /** @type {Record<string, number>} */
    this.extents = {};
    for (const name of /** @type {const} */ (["C", "D", "K", "P", "B", "M"])) {
      const n = options[name] ?? (name === "K" ? this.centers() : undefined);
      if (n !== undefined) this.extents[name] = n;
    }
    /** @type {Record<string, Value>} the trained inputs by name; their arrays may be read and written */
    this.parameters = {};
    /** @type {Record<string, Value>} what the loss remembers, by name; the arrays may be read and written */
    this.state = {};
    /** @type {Record<string, Value>} what was given to load for the role data */
    this.data = {};
    /** @type {Record<string, Float64Array>} */
    this.velocity = {};
    /** @type {Promise<unknown>} the run before, which the next waits for */
    this.turn = Promise.resolve();
    this.start({ ...options.data });
    /** The inputs that step() and run() take, in their order. */
    this.takes = Object.keys(this.roles).filter((n) => FED.has(this.roles[n]) && !(n in this.data));
  }

  /**
   * A hyper-parameter of a loss, which in a sum of losses stands under the name of its part.
   * @param {string} loss
   * @param {string} name
   * @param {any} [otherwise]
   */
  setting(loss, name, otherwise) {
    return this.settings[`${loss}.${name}`] ?? this.settings[name] ?? otherwise;
  }

  /** How many centres a class has, by the first part that says so. */
  centers() {
    const key = Object.keys(this.settings).find((k) => k.split(".").at(-1) === "sub_centers");
    return key === undefined ? undefined : this.settings[key];
  }

  /** The name of the loss, or those in the sum, in its order. */
  parts() {
    return [...this.name.matchAll(/[a-z][a-z0-9-]*/g)].map(([word]) => word);
  }

  /**
   * Whether the file is that loss, or a sum with it.
   * @param {string} loss
   */
  is(loss) {
    return this.parts().includes(loss);
  }

  // ---- first values

  /**
   * Gives every parameter and state its first value.
   * @param {Record<string, Given>} given
   */
  start(given) {
    for (const [name, role] of Object.entries(this.roles)) {
      if (name in given) {
        const where = role === "parameter" ? this.parameters : role === "state" ? this.state : this.data;
        const value = shaped(this.ports[name], given[name], this.extents);
        where[name] = { data: value.data.slice(), dims: value.dims };
        delete given[name];
      } else if (role === "parameter" || role === "state") {
        const dims = this.shape(name);
        const first = role === "parameter" ? this.first(name, dims) : this.firstState(name);
        const all = Array.from({ length: size(dims) }, first);
        (role === "parameter" ? this.parameters : this.state)[name] = { data: typed(this.ports[name], all), dims };
      }
    }
    for (const name of Object.keys(given)) this.unknown(name);
  }

  /**
   * @param {string} name
   * @returns {never}
   */
  unknown(name) {
    const names = Object.keys(this.roles);
    const near = names.find((n) => edits(name, n) <= Math.max(1, Math.floor(name.length / 3)));
    const meant = near === undefined ? "" : `; did you mean "${near}"?`;
    throw new LossError(`${name}: ${this.name} has no such input${meant}; it has ${names.join(", ")}`);
  }

  /** @param {string} name */
  shape(name) {
    const { dims } = this.ports[name];
    return dims.map((d) => {
      const n = typeof d === "number" ? d : this.extents[d];
      if (n === undefined) throw new LossError(`${name} [${dims.join(", ")}]: give the extent ${d}: Loss.load(ort, file, { ${d}: ... })`);
      if (!Number.isInteger(n) || n < 0) throw new LossError(`${d}: found ${n}, want a whole number`);
      return n;
    });
  }

  /**
   * Where the loss's paper starts a parameter.
   * @param {string} name
   * @param {number[]} dims
   * @returns {() => number}
   */
  first(name, dims) {
    const { random } = this;
    /** @param {number} sigma */
    const normal = (sigma) => () => sigma * random.normal();
    /** @param {number} low @param {number} high */
    const uniform = (low, high) => () => low + (high - low) * random.uniform();
    if (name === "weight" && this.is("soft-triple")) {
      const bound = 1 / Math.sqrt(Math.max(size(dims.slice(0, -1)), 1));
      return uniform(-bound, bound);
    }
    if (name === "weight") return normal(this.is("instance") ? 0.001 : 0.01);
    if (name === "proxies") return normal(this.is("proxy-anchor") ? Math.sqrt(2 / Math.max(dims[0], 1)) : 1);
    if (name === "margins") return uniform(0.3, 0.4);
    let value = 0;
    if (name === "beta") value = Number(this.setting("margin", "beta", 0));
    if (name === "bias") value = this.firstBias();
    return () => value;
  }

  /** A bias that parts of a sum share starts as the first of them that has a start wants it. */
  firstBias() {
    /** @type {Record<string, () => number>} */
    const starts = {
      simple: () => -10,
      uniface: () => Math.log(10 * this.classes("bias")),
      sphereface2: () => this.sphereface2(),
    };
    const loss = this.parts().find((part) => part in starts);
    return loss === undefined ? 0 : starts[loss]();
  }

  /**
   * Where the loss's paper starts what it remembers.
   * @param {string} name
   * @returns {() => number}
   */
  firstState(name) {
    let value = 0;
    if (name === "batch_mean") value = 20;
    if (name === "batch_std") value = 100;
    if (name === "scale") value = Math.SQRT2 * Math.log(Math.max(this.classes(name) - 1, 1));
    return () => value;
  }

  /** @param {string} name */
  classes(name) {
    if (this.extents.C === undefined) throw new LossError(`${name} starts at a value that depends on the number of classes: give C to load()`);
    return this.extents.C;
  }

  /** The bias at which both halves of sphereface2 pull equally hard at the start. */
  sphereface2() {
    const classes = this.classes("bias");
    const [scale, margin, t, share] = ["scale", "margin", "t", "lambda"].map((n) => Number(this.setting("sphereface2", n)));
    const kind = this.setting("sphereface2", "margin_type");
    if (classes < 2 || !(share > 0 && share < 1)) return 0;
    /** @param {number} c */
    const g = (c) => 2 * ((Math.min(Math.max(c, -1), 1) + 1) / 2) ** t - 1;
    let own = g(0);
    let other = g(0);
    if (kind === "cos") {
      own -= margin;
      other += margin;
    } else {
      own = g(Math.cos(Math.min(kind === "arc" ? Math.PI / 2 + margin : (Math.PI / 2) * margin, Math.PI)));
    }
    const [b0, b1] = [scale * own, scale * other];
    const v = share / ((1 - share) * (classes - 1));
    // The closed form, without the difference of near numbers that it has for v > 1.
    return (Math.log(v) - b0 - b1) / 2 - asinh((1 - v) / (2 * Math.sqrt(v)), (b1 - b0) / 2);
  }

  // ---- a call

  /**
   * One step of training: the outputs at the values before it; then the
   * parameters move against their gradients, and the state forward.
   *
   *     await head.step(embeddings, labels, 0.1);
   *     await head.step(anchor, positive, negative, { lr: 0.1 });
   *
   * @param {...(Given | StepOptions)} inputs the inputs in the file's order, then the learning rate or options
   * @returns {Promise<Outputs>}
   */
  step(...inputs) {
    const last = inputs.pop();
    const options = typeof last === "number" ? { lr: last } : /** @type {StepOptions | undefined} */ (last);
    if (typeof options?.lr !== "number" || !Number.isFinite(options.lr)) {
      return Promise.reject(new LossError(`${this.name}: step(${this.takes.join(", ")}, lr): the last argument is the learning rate, or options with lr`));
    }
    const { lr, given = {} } = options;
    for (const name of Object.keys(this.parameters)) {
      if (!this.outputs.includes(`grad_${name}`)) {
        return Promise.reject(new LossError(`${this.name}: the file has no gradient of ${name}; build it with --grad`));
      }
    }
    return this.next(async () => {
      const found = await this.evaluate(/** @type {Given[]} */ (inputs), given, true);
      this.iteration++;
      for (const name of Object.keys(this.state)) if (!(name in given)) this.move(name, found);
      for (const name of Object.keys(this.parameters)) {
        if (lr !== 0 && !(name in given)) this.descend(name, found[`grad_${name}`].data, lr);
      }
      return this.named(found);
    });
  }

  /**
   * The outputs on a batch; nothing moves.
   * @param {Given[]} inputs the inputs in the file's order
   * @param {Record<string, Given>} [given] any input by name, instead of what would be used
   * @returns {Promise<Outputs>}
   */
  run(inputs, given = {}) {
    return this.next(async () => this.named(await this.evaluate(inputs, given, false)));
  }

  /** Frees what the ONNX Runtime holds. */
  async release() {
    await this.next(() => this.session.release());
  }

  /**
   * Runs work when what was asked for before is done: a session runs one batch at a time.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  next(work) {
    const now = this.turn.then(work);
    this.turn = now.catch(() => {});
    return now;
  }

  /**
   * @param {Given[]} inputs
   * @param {Record<string, Given>} given
   * @param {boolean} training
   * @returns {Promise<Record<string, any>>} the outputs as tensors, by name
   */
  async evaluate(inputs, given, training) {
    for (const name of Object.keys(given)) if (!(name in this.roles)) this.unknown(name);
    const order = this.takes.filter((n) => !(n in given));
    if (inputs.length !== order.length) {
      throw new LossError(`${this.name}: found ${inputs.length} inputs, want ${order.length}: ${order.join(", ")}`);
    }
    /** @type {Record<string, Given>} */
    const all = { ...this.parameters, ...this.state, ...this.data, ...given };
    order.forEach((name, i) => (all[name] = inputs[i]));
    /** @type {Record<string, number>} */
    const extents = { ...this.extents };
    /** @type {Record<string, Value>} */
    const values = {};
    for (const name of Object.keys(this.roles)) if (name in all) values[name] = shaped(this.ports[name], all[name], extents);
    if (training && "radius" in this.parameters && this.iteration === 0 && !("radius" in given)) this.startRadius(values);
    for (const name of Object.keys(this.roles)) values[name] ??= this.made(name, extents, training);
    /** @type {Record<string, any>} */
    const feeds = {};
    for (const [name, { data, dims }] of Object.entries(values)) feeds[name] = new this.ort.Tensor(this.ports[name].type, data, dims);
    return this.session.run(feeds);
  }

  /**
   * A schedule's value, or noise.
   * @param {string} name
   * @param {Record<string, number>} extents
   * @param {boolean} training
   * @returns {Value}
   */
  made(name, extents, training) {
    const p = this.ports[name];
    if (this.roles[name] === "schedule") {
      const rule = this.schedules[name];
      if (rule === undefined) throw new LossError(`${name}: the file states no schedule; give it by name`);
      const i = Math.max(this.iteration + (training ? 1 : 0), 1);
      const value = Math.max(rule.base * (1 + rule.gamma * i) ** -rule.power, rule.min);
      return { data: typed(p, [value]), dims: [] };
    }
    const dims = p.dims.map((d) => (typeof d === "number" ? d : (extents[d] ?? 0)));
    const { random } = this;
    const draw = this.is("margin") ? () => random.uniform() : () => (training ? random.normal() : 0);
    return { data: typed(p, Array.from({ length: size(dims) }, draw)), dims };
  }

  /**
   * Ring loss starts its radius at the mean norm of the first batch.
   * @param {Record<string, Value>} values
   */
  startRadius({ embeddings, radius }) {
    const start = /** @type {Float32Array} */ (this.parameters.radius.data);
    const [rows, width] = embeddings.dims;
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += Math.hypot(...Array.from(embeddings.data.subarray(i * width, (i + 1) * width), Number));
    start.fill(rows ? sum / rows : 0);
    /** @type {Float32Array} */ (radius.data).set(start);
  }

  /**
   * A state to its next value: all of it, or the centres that moved.
   * @param {string} name
   * @param {Record<string, any>} found
   */
  move(name, found) {
    const { data, dims } = this.state[name];
    const whole = found[`${name}_next`];
    if (whole) data.set(whole.data);
    else if (name === "centers" && found.center_rows) {
      const width = dims[1];
      found.center_rows.data.forEach((/** @type {bigint} */ row, /** @type {number} */ i) => {
        data.set(found.center_values.data.subarray(i * width, (i + 1) * width), Number(row) * width);
      });
    }
  }

  /**
   * One parameter against its gradient.
   * @param {string} name
   * @param {ArrayLike<number>} gradient
   * @param {number} lr
   */
  descend(name, gradient, lr) {
    const data = /** @type {Float32Array} */ (this.parameters[name].data);
    const v = this.momentum ? (this.velocity[name] ??= new Float64Array(data.length)) : undefined;
    for (let i = 0; i < data.length; i++) {
      let g = gradient[i] + this.weightDecay * data[i];
      if (v) g = v[i] = this.momentum * v[i] + g;
      data[i] -= lr * g;
    }
  }

  /**
   * The outputs under their JavaScript names.
   * @param {Record<string, any>} tensors
   * @returns {Outputs}
   */
  named(tensors) {
    /** @type {Record<string, any>} */
    const found = {};
    for (const [name, { data, dims }] of Object.entries(tensors)) found[camel(name)] = dims.length === 0 ? Number(data[0]) : data;
    return /** @type {Outputs} */ (found);
  }
}
