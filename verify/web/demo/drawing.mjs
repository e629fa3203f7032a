// The two pictures of the page: points in the plane, and the loss by steps.

/**
 * A canvas made as sharp as the screen, with its drawing context and its size.
 * @param {HTMLCanvasElement} canvas
 */
function sheet(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/** The colours of the style sheet, light or dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const named = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: named("ink"), soft: named("soft"), line: named("line"), sheet: named("sheet"), curve: named("curve"),
    digits: Array.from({ length: 10 }, (_, i) => named(String(i))),
  };
}

/**
 * How far out the picture has to reach: nearly all points are within.
 * @param {ArrayLike<number>} points
 */
export function reach(points) {
  const far = Array.from({ length: points.length / 2 }, (_, i) => Math.max(Math.abs(points[2 * i]), Math.abs(points[2 * i + 1])));
  far.sort((a, b) => a - b);
  return Math.max(far[Math.floor(0.995 * (far.length - 1))] ?? 1, 1e-3);
}

/**
 * @typedef {{ points: ArrayLike<number>, labels: ArrayLike<number> }} Cloud
 * @param {HTMLCanvasElement} canvas
 * @param {{ trained: Cloud, held: Cloud, centres: {x: number, y: number}[], weights?: ArrayLike<number>, extent: number }} picture
 */
export function drawPlane(canvas, { trained, held, centres, weights, extent }) {
  const { pen, width, height } = sheet(canvas);
  const c = colours();
  const unit = (0.46 * Math.min(width, height)) / extent;
  /** @param {number} x @param {number} y @returns {[number, number]} */
  const at = (x, y) => [width / 2 + x * unit, height / 2 - y * unit];

  pen.strokeStyle = c.line;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(0, height / 2);
  pen.lineTo(width, height / 2);
  pen.moveTo(width / 2, 0);
  pen.lineTo(width / 2, height);
  pen.stroke();

  if (weights) drawDirections(pen, weights, c, width, height);

  pen.globalAlpha = 0.4;
  for (let i = 0; i < trained.labels.length; i++) {
    const [x, y] = at(trained.points[2 * i], trained.points[2 * i + 1]);
    pen.fillStyle = c.digits[trained.labels[i]];
    pen.beginPath();
    pen.arc(x, y, 2, 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;

  pen.font = "600 12px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let i = 0; i < held.labels.length; i++) {
    const [x, y] = at(held.points[2 * i], held.points[2 * i + 1]);
    pen.fillStyle = c.digits[held.labels[i]];
    pen.fillText(String(held.labels[i]), x, y);
  }

  pen.font = "700 15px system-ui, sans-serif";
  pen.lineWidth = 2;
  centres.forEach((m, digit) => {
    const [x, y] = at(m.x, m.y);
    pen.fillStyle = c.sheet;
    pen.strokeStyle = c.digits[digit];
    pen.beginPath();
    pen.arc(x, y, 11, 0, 7);
    pen.fill();
    pen.stroke();
    pen.fillStyle = c.ink;
    pen.fillText(String(digit), x, y + 1);
  });
}

/**
 * A ray from the middle for each class weight.
 * @param {CanvasRenderingContext2D} pen
 * @param {ArrayLike<number>} weights
 * @param {ReturnType<typeof colours>} c
 * @param {number} width
 * @param {number} height
 */
function drawDirections(pen, weights, c, width, height) {
  const long = Math.hypot(width, height);
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.5;
  for (let j = 0; j < weights.length / 2; j++) {
    const norm = Math.hypot(weights[2 * j], weights[2 * j + 1]);
    if (!(norm > 0)) continue;
    pen.strokeStyle = c.digits[j];
    pen.beginPath();
    pen.moveTo(width / 2, height / 2);
    pen.lineTo(width / 2 + (long * weights[2 * j]) / norm, height / 2 - (long * weights[2 * j + 1]) / norm);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/**
 * The loss by steps: each step faint, their mean with their neighbours bold, from 0 up.
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} losses
 */
export function drawCurve(canvas, losses) {
  const { pen, width, height } = sheet(canvas);
  const c = colours();
  const [left, right, top, bottom] = [44, 6, 8, 20];
  const smooth = smoothed(losses);
  // The first steps may be far above all others: the picture is of what follows.
  const from = losses.length > 40 ? 5 : 0;
  const most = smooth.slice(from).reduce((a, b) => Math.max(a, b), 1e-9);
  const last = Math.max(losses.length - 1, 1);
  /** @param {number} i */
  const across = (i) => left + ((width - left - right) * i) / last;
  /** @param {number} y */
  const up = (y) => height - bottom - ((height - top - bottom) * y) / most;

  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.fillStyle = c.soft;
  pen.strokeStyle = c.line;
  pen.lineWidth = 1;
  pen.textAlign = "right";
  for (const part of [0, 0.5, 1]) {
    const y = up(most * part);
    pen.beginPath();
    pen.moveTo(left, y);
    pen.lineTo(width - right, y);
    pen.stroke();
    pen.fillText((most * part).toPrecision(2), left - 6, y);
  }
  pen.textAlign = "left";
  pen.fillText("0", left, height - 7);
  pen.textAlign = "right";
  pen.fillText(`${losses.length} steps`, width - right, height - 7);
  if (losses.length < 2) return;

  pen.strokeStyle = c.curve;
  pen.save();
  pen.beginPath();
  pen.rect(left, top - 3, width - left - right, height);
  pen.clip();
  for (const [values, alpha, thick] of /** @type {[number[], number, number][]} */ ([[losses, 0.3, 1], [smooth, 1, 2]])) {
    pen.globalAlpha = alpha;
    pen.lineWidth = thick;
    pen.beginPath();
    const stride = Math.max(1, Math.floor(values.length / 2000));
    for (let i = 0; i < values.length; i += stride) pen.lineTo(across(i), up(values[i]));
    pen.stroke();
  }
  pen.restore();
}

/**
 * Each value's mean with its ten neighbours to both sides.
 * @param {number[]} values
 */
function smoothed(values) {
  const sums = [0];
  for (const v of values) sums.push(/** @type {number} */ (sums.at(-1)) + v);
  return values.map((_, i) => {
    const half = Math.min(10, i, values.length - 1 - i);
    return (sums[i + half + 1] - sums[i - half]) / (2 * half + 1);
  });
}
