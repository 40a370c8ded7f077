// The background under the cut-out, drawn in the browser: what the server will lay there, while one is still choosing.

import { surroundings } from "./blur.js";
import { loadImage } from "./picture.js";

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

export class Backdrop {
  /**
   * @param {import("./picture.js").Picture} picture
   * @param {{ photo: string, scene: string }} urls addresses with "NAME" where the photo's or scene's name goes
   * @param {() => void} onChange
   */
  constructor(picture, urls, onChange) {
    this.picture = picture;
    this.urls = urls;
    this.onChange = onChange;
    /** @type {Background} */
    this.background = { kind: "transparent" };
    /** @type {CanvasImageSource & { width: number, height: number } | null} */
    this.image = null;
    this.imageName = "";
  }

  /** The original has come, or the matte has changed: a blur is made anew. */
  refresh() {
    if (this.background.kind !== "blur") return;
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
    if (background.kind === "blur") this.image = surroundings(this.picture, background.blur ?? 50);
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
      to.fillStyle = gradient(to, x, y, wide, tall, colours ?? [], angle ?? 180);
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
  // As in CSS: 0 is up, 90 to the right.
  const dx = Math.sin(turn);
  const dy = -Math.cos(turn);
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
