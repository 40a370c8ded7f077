// The photo's surroundings without the subject, blurred: worked out small, because nothing fine is left in them.

import { newCanvas } from "./picture.js";

const SIDE = 240;

/** The strongest blur's standard deviation, as a share of the longer side; the server's is the same. */
const SHARE_MAX = 0.04;

/**
 * @param {import("./picture.js").Picture} picture
 * @param {number} strength 0 to 100
 * @returns {HTMLCanvasElement | HTMLImageElement | null} null until the original is there
 */
export function surroundings(picture, strength) {
  if (!picture.original) return null;
  if (strength === 0) return picture.original;
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const canvas = newCanvas(width, height);
  const draw = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  draw.imageSmoothingQuality = "high";
  draw.drawImage(picture.original, 0, 0, width, height);
  const pixels = draw.getImageData(0, 0, width, height);
  const weighed = weigh(pixels.data, matteAt(picture, width, height));
  const deviation = Math.max(0.5, (strength / 100) * SHARE_MAX * Math.max(width, height));
  fill(pixels.data, weighed, width, height, deviation);
  draw.putImageData(pixels, 0, 0);
  return canvas;
}

/**
 * The matte at a small size, a little grown: light from the subject lies on what is around it too.
 * @param {import("./picture.js").Picture} picture
 * @param {number} width
 * @param {number} height
 */
function matteAt(picture, width, height) {
  const matte = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let most = 0;
      for (let dy = -2; dy <= 2; dy++) {
        for (let dx = -2; dx <= 2; dx++) {
          const px = Math.min(picture.width - 1, Math.max(0, Math.floor(((x + dx + 0.5) / width) * picture.width)));
          const py = Math.min(picture.height - 1, Math.max(0, Math.floor(((y + dy + 0.5) / height) * picture.height)));
          most = Math.max(most, picture.base[py * picture.width + px]);
        }
      }
      matte[y * width + x] = most / 255;
    }
  }
  return matte;
}

/**
 * Red, green and blue times how much of each pixel is background, and that share itself.
 * @param {Uint8ClampedArray} data
 * @param {Float32Array} matte
 */
function weigh(data, matte) {
  const weighed = new Float32Array(data.length);
  for (let i = 0; i < matte.length; i++) {
    const weight = 1 - matte[i];
    for (let c = 0; c < 3; c++) weighed[4 * i + c] = data[4 * i + c] * weight;
    weighed[4 * i + 3] = weight;
  }
  return weighed;
}

/**
 * Deep inside the subject no surroundings reach at the blur that is asked for: ever wider ones do.
 * @param {Uint8ClampedArray} data
 * @param {Float32Array} weighed
 * @param {number} width
 * @param {number} height
 * @param {number} deviation
 */
function fill(data, weighed, width, height, deviation) {
  const done = new Uint8Array(width * height);
  for (let wide = deviation; wide < 3 * Math.max(width, height); wide *= 3) {
    const soft = softened(weighed, width, height, wide);
    let left = 0;
    for (let i = 0; i < done.length; i++) {
      if (done[i]) continue;
      const weight = soft[4 * i + 3];
      if (weight < 0.02) {
        left += 1;
        continue;
      }
      done[i] = 1;
      for (let c = 0; c < 3; c++) data[4 * i + c] = soft[4 * i + c] / weight;
    }
    if (!left) return;
  }
}

/**
 * Three box blurs, which are as good as a Gaussian one.
 * @param {Float32Array} source
 * @param {number} width
 * @param {number} height
 * @param {number} deviation
 */
function softened(source, width, height, deviation) {
  const data = source.slice();
  const radius = Math.max(1, Math.round((Math.sqrt(4 * deviation * deviation + 1) - 1) / 2));
  for (let i = 0; i < 3; i++) {
    smear(data, width, height, radius, 4, 4 * width);
    smear(data, height, width, radius, 4 * width, 4);
  }
  return data;
}

/**
 * One box blur along lines of `length` pixels, `step` numbers apart; lines are `next` numbers apart.
 * @param {Float32Array} data
 * @param {number} length
 * @param {number} lines
 * @param {number} radius
 * @param {number} step
 * @param {number} next
 */
function smear(data, length, lines, radius, step, next) {
  const line = new Float32Array(length);
  for (let l = 0; l < lines; l++) {
    for (let channel = 0; channel < 4; channel++) {
      const start = l * next + channel;
      const at = (/** @type {number} */ i) => data[start + Math.min(length - 1, Math.max(0, i)) * step];
      let sum = 0;
      for (let i = -radius; i <= radius; i++) sum += at(i);
      for (let i = 0; i < length; i++) {
        line[i] = sum / (2 * radius + 1);
        sum += at(i + radius + 1) - at(i - radius);
      }
      for (let i = 0; i < length; i++) data[start + i * step] = line[i];
    }
  }
}
