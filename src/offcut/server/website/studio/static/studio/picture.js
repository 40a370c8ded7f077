// The pixels of one photo at screen size: the original, the subject's colours, and the matte that cuts it out.

/** @typedef {{ mode: "magic" | "manual", kind: "erase" | "restore", radius: number, hardness: number, points: number[][] }} Stroke */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

/**
 * @param {number} width
 * @param {number} height
 */
export function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** @param {string} url */
export async function loadImage(url) {
  const image = new Image();
  image.decoding = "async";
  image.src = url;
  await image.decode();
  return image;
}

export class Picture {
  /**
   * @param {{ width: number, height: number }} photo
   * @param {{ width: number, height: number }} screen
   */
  constructor(photo, screen) {
    this.photo = photo;
    this.width = screen.width;
    this.height = screen.height;
    this.cutout = newCanvas(screen.width, screen.height);
    this.draw = /** @type {CanvasRenderingContext2D} */ (this.cutout.getContext("2d", { willReadFrequently: true }));
    /** What the server says. */
    this.base = new Uint8ClampedArray(screen.width * screen.height);
    /** @type {ImageData | null} the colours, with the matte on screen as their alpha */
    this.shown = null;
    /** @type {HTMLImageElement | null} */
    this.original = null;
  }

  /** Photo pixels for one pixel here. */
  get ratio() {
    return this.photo.width / this.width;
  }

  /** @param {HTMLImageElement} colours */
  useColours(colours) {
    const canvas = newCanvas(this.width, this.height);
    const draw = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    draw.drawImage(colours, 0, 0, this.width, this.height);
    this.shown = draw.getImageData(0, 0, this.width, this.height);
    this.show(this.all);
  }

  /** @returns {Box} */
  get all() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  /**
   * The matte, or a part of it, as the server sent it.
   * @param {ImageBitmap} part
   * @param {Box} box
   */
  layMatte(part, box) {
    const width = box.right - box.left;
    const canvas = newCanvas(width, box.bottom - box.top);
    const draw = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    draw.drawImage(part, 0, 0);
    const gray = draw.getImageData(0, 0, canvas.width, canvas.height).data;
    for (let y = 0; y < canvas.height; y++) {
      const row = (box.top + y) * this.width + box.left;
      for (let x = 0; x < width; x++) this.base[row + x] = gray[4 * (y * width + x)];
    }
  }

  /**
   * Brings what is on screen in line with the server's matte and the strokes that it does not know yet.
   * @param {Box} box
   * @param {Stroke[]} [waiting]
   */
  show(box, waiting = []) {
    if (!this.shown) return;
    const data = this.shown.data;
    for (let y = box.top; y < box.bottom; y++) {
      for (let at = y * this.width + box.left, end = y * this.width + box.right; at < end; at++) {
        data[4 * at + 3] = this.base[at];
      }
    }
    this.put(box);
    for (const stroke of waiting) if (stroke.mode === "manual") this.paint(stroke, 0);
  }

  /**
   * Paints a manual stroke at once; the server's answer will say the same, pixel for pixel.
   * @param {Stroke} stroke
   * @param {number} from the number of the first point that is new
   */
  paint(stroke, from) {
    if (!this.shown) return;
    const { points } = stroke;
    for (let i = Math.max(from, 1); i < points.length; i++) this.paintPiece(stroke, points[i - 1], points[i]);
    if (points.length === 1) this.paintPiece(stroke, points[0], points[0]);
  }

  /**
   * @param {Stroke} stroke
   * @param {number[]} start
   * @param {number[]} end
   */
  paintPiece(stroke, start, end) {
    const { ratio } = this;
    const [x0, y0, x1, y1] = [...start, ...end].map((part) => part / ratio);
    const radius = stroke.radius / ratio;
    const core = radius * stroke.hardness;
    const fall = Math.max(1 / ratio, radius - core, 1e-3);
    const box = this.clipped(Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1), radius + 1);
    const length = Math.max(1e-9, (x1 - x0) ** 2 + (y1 - y0) ** 2);
    const data = /** @type {ImageData} */ (this.shown).data;
    const restores = stroke.kind === "restore";
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) {
        const along = Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length));
        const distance = Math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0));
        const share = 0.5 + ((radius + core) / 2 - distance) / fall;
        if (share <= 0) continue;
        const at = 4 * (y * this.width + x) + 3;
        const value = Math.min(1, share) * 255;
        data[at] = restores ? Math.max(data[at], value) : Math.min(data[at], 255 - value);
      }
    }
    this.put(box);
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   * @param {number} margin
   * @returns {Box}
   */
  clipped(left, top, right, bottom, margin) {
    return {
      left: Math.max(0, Math.floor(left - margin)),
      top: Math.max(0, Math.floor(top - margin)),
      right: Math.min(this.width, Math.ceil(right + margin) + 1),
      bottom: Math.min(this.height, Math.ceil(bottom + margin) + 1),
    };
  }

  /** @param {Box} box */
  put(box) {
    if (box.right <= box.left || box.bottom <= box.top) return;
    this.draw.putImageData(
      /** @type {ImageData} */ (this.shown), 0, 0, box.left, box.top, box.right - box.left, box.bottom - box.top,
    );
  }
}
