// The background under the cut-out, drawn in the browser: what the server will lay there, while one is still choosing.

import { loadImage, newCanvas } from "./picture.js";

/**
 * @typedef {object} Background
 * @property {"transparent" | "colour" | "gradient" | "photo" | "blur" | "scene"} kind
 * @property {string} [colour]
 * @property {string[]} [colours]
 * @property {number} [angle]
 * @property {string} [photo]
 * @property {number} [blur]
 * @property {string} [scene]
 */

/** The blurred original is worked out this small: nothing fine is left in it. */
const BLUR_SIDE = 320;

export class Backdrop {
  /**
   * @param {{ width: number, height: number }} photo
   * @param {{ photo: string, scene: string }} urls addresses with "NAME" where the photo's or scene's name goes
   * @param {() => void} onChange
   */
  constructor(photo, urls, onChange) {
    this.photo = photo;
    this.urls = urls;
    this.onChange = onChange;
    /** @type {Background} */
    this.background = { kind: "transparent" };
    /** @type {CanvasImageSource & { width: number, height: number } | null} */
    this.image = null;
    this.imageName = "";
    /** @type {CanvasImageSource | null} */
    this.original = null;
  }

  /** @param {CanvasImageSource} original */
  useOriginal(original) {
    this.original = original;
    this.imageName = "";
    this.use(this.background);
  }

  /** @param {Background} background */
  use(background) {
    this.background = background;
    const name = nameOf(background);
    if (name === this.imageName) return this.onChange();
    this.imageName = name;
    this.image = null;
    if (background.kind === "blur") this.image = this.original && blurred(this.original, this.photo, background.blur ?? 0);
    else if (name) this.load(name, background);
    this.onChange();
  }

  /**
   * @param {string} name
   * @param {Background} background
   */
  async load(name, background) {
    const isScene = background.kind === "scene";
    const url = (isScene ? this.urls.scene : this.urls.photo).replace("NAME", String(isScene ? background.scene : background.photo));
    try {
      const image = await loadImage(url);
      if (this.imageName !== name) return;
      this.image = image;
      this.onChange();
    } catch {
      // The picture on the server is the truth; here only the look ahead is missing.
    }
  }

  /**
   * @param {CanvasRenderingContext2D} to
   * @param {number} x
   * @param {number} y
   * @param {number} wide
   * @param {number} tall
   * @returns {boolean} whether there is a background
   */
  draw(to, x, y, wide, tall) {
    const { kind, colour, colours, angle } = this.background;
    if (kind === "colour") {
      to.fillStyle = colour ?? "#ffffff";
      to.fillRect(x, y, wide, tall);
    } else if (kind === "gradient") {
      to.fillStyle = gradient(to, x, y, wide, tall, colours ?? [], angle ?? 90);
      to.fillRect(x, y, wide, tall);
    } else if (this.image) {
      cover(to, this.image, x, y, wide, tall);
    } else {
      return false;
    }
    return true;
  }
}

/** @param {Background} background */
function nameOf({ kind, photo, scene, blur }) {
  if (kind === "photo" && photo) return `photo ${photo}`;
  if (kind === "scene" && scene) return `scene ${scene}`;
  return kind === "blur" ? `blur ${blur}` : "";
}

/**
 * @param {CanvasRenderingContext2D} to
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {number} tall
 * @param {string[]} colours
 * @param {number} angle
 */
function gradient(to, x, y, wide, tall, colours, angle) {
  const turn = (angle * Math.PI) / 180;
  const dx = Math.cos(turn);
  const dy = Math.sin(turn);
  const half = (Math.abs(dx) * wide + Math.abs(dy) * tall) / 2;
  const [cx, cy] = [x + wide / 2, y + tall / 2];
  const made = to.createLinearGradient(cx - dx * half, cy - dy * half, cx + dx * half, cy + dy * half);
  colours.forEach((colour, i) => made.addColorStop(colours.length > 1 ? i / (colours.length - 1) : 0, colour));
  return made;
}

/**
 * Draws an image so that it fills a box, cut off where it does not fit.
 * @param {CanvasRenderingContext2D} to
 * @param {CanvasImageSource & { width: number, height: number }} image
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {number} tall
 */
function cover(to, image, x, y, wide, tall) {
  const ratio = Math.max(wide / image.width, tall / image.height);
  const [sw, sh] = [wide / ratio, tall / ratio];
  to.drawImage(image, (image.width - sw) / 2, (image.height - sh) / 2, sw, sh, x, y, wide, tall);
}

/**
 * @param {CanvasImageSource} original
 * @param {{ width: number, height: number }} photo
 * @param {number} strength 0 to 100
 */
function blurred(original, photo, strength) {
  const scale = Math.min(1, BLUR_SIDE / Math.max(photo.width, photo.height));
  const canvas = newCanvas(Math.max(1, Math.round(photo.width * scale)), Math.max(1, Math.round(photo.height * scale)));
  const draw = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  draw.drawImage(original, 0, 0, canvas.width, canvas.height);
  const radius = Math.round((strength / 100) * 0.03 * Math.max(canvas.width, canvas.height) * 1.7);
  if (radius < 1) return canvas;
  const pixels = draw.getImageData(0, 0, canvas.width, canvas.height);
  // Three box blurs are as good as a Gaussian one.
  for (let i = 0; i < 3; i++) {
    smear(pixels.data, canvas.width, canvas.height, radius, 4, 4 * canvas.width);
    smear(pixels.data, canvas.height, canvas.width, radius, 4 * canvas.width, 4);
  }
  draw.putImageData(pixels, 0, 0);
  return canvas;
}

/**
 * One box blur along lines of `length` pixels, `step` bytes apart; lines are `next` bytes apart.
 * @param {Uint8ClampedArray} data
 * @param {number} length
 * @param {number} lines
 * @param {number} radius
 * @param {number} step
 * @param {number} next
 */
function smear(data, length, lines, radius, step, next) {
  const line = new Float32Array(length);
  const width = 2 * radius + 1;
  for (let l = 0; l < lines; l++) {
    for (let channel = 0; channel < 3; channel++) {
      const start = l * next + channel;
      const at = (/** @type {number} */ i) => data[start + Math.min(length - 1, Math.max(0, i)) * step];
      let sum = 0;
      for (let i = -radius; i <= radius; i++) sum += at(i);
      for (let i = 0; i < length; i++) {
        line[i] = sum / width;
        sum += at(i + radius + 1) - at(i - radius);
      }
      for (let i = 0; i < length; i++) data[start + i * step] = line[i];
    }
  }
}
