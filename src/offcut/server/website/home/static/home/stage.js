// @ts-check
/** The picture with its wipe: the photo on the left, the cut-out on the right of a handle. */

/** @typedef {{width: number, height: number}} Size */

export class Stage {
  /**
   * @param {Element} root an element of class `stage`
   * @param {(percent: number) => string} [told] what a screen reader hears of the wipe
   */
  constructor(root, told) {
    this.root = /** @type {HTMLElement} */ (root);
    this.picture = /** @type {HTMLElement} */ (root.querySelector(".stage-picture"));
    this.before = /** @type {HTMLImageElement} */ (root.querySelector(".stage-before"));
    this.after = /** @type {HTMLCanvasElement} */ (root.querySelector(".stage-after"));
    this.wipe = /** @type {HTMLInputElement} */ (root.querySelector(".stage-wipe"));
    this.told = told;
    this.local = "";
    this.wipe.addEventListener("input", () => this.set(Number(this.wipe.value)));
    this.set(Number(this.wipe.value));
  }

  /**
   * Puts the wipe at `percent` of the photo.
   * @param {number} percent
   */
  set(percent) {
    this.wipe.value = String(percent);
    if (this.told) this.wipe.setAttribute("aria-valuetext", this.told(Math.round(percent)));
    this.picture.style.setProperty("--wipe", `${percent}%`);
  }

  /**
   * Shows a photo of this device at once. False when the browser cannot show its kind.
   * @param {File} file
   */
  async showLocal(file) {
    this.clear();
    this.local = URL.createObjectURL(file);
    const shown = await this.load(this.before, this.local);
    if (shown) this.frame({ width: this.before.naturalWidth, height: this.before.naturalHeight });
    this.before.hidden = !shown;
    return shown;
  }

  /**
   * Shows the server's rendition of the photo, unless the photo itself is shown.
   * @param {string} address
   * @param {Size} size
   */
  async showOriginal(address, size) {
    this.frame(size);
    if (!this.before.hidden && this.before.naturalWidth) return;
    this.before.hidden = !(await this.load(this.before, address));
  }

  /**
   * Draws the cut-out: the subject's colours, as see-through as the matte says. Rejects when one is missing.
   * @param {string} colours
   * @param {string} matte
   * @param {Size} size
   */
  async showCutout(colours, matte, size) {
    const [color, alpha] = await Promise.all([loaded(colours), loaded(matte)]);
    const canvas = this.after;
    canvas.width = size.width;
    canvas.height = size.height;
    const shown = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    shown.drawImage(color, 0, 0, size.width, size.height);
    const sheet = document.createElement("canvas");
    sheet.width = size.width;
    sheet.height = size.height;
    const drawn = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d", { willReadFrequently: true }));
    drawn.drawImage(alpha, 0, 0, size.width, size.height);
    const pixels = drawn.getImageData(0, 0, size.width, size.height);
    const bytes = pixels.data;
    for (let index = 0; index < bytes.length; index += 4) bytes[index + 3] = bytes[index];
    drawn.putImageData(pixels, 0, 0);
    shown.globalCompositeOperation = "destination-in";
    shown.drawImage(sheet, 0, 0);
    canvas.hidden = false;
    this.wipe.hidden = false;
    this.root.classList.add("has-cutout");
  }

  /**
   * Draws a result that is more than the cut-out, in its own shape: beside it the photo keeps its own.
   * @param {Blob} content
   * @returns {Promise<Size>}
   */
  async showResult(content) {
    const result = await createImageBitmap(content);
    const { width, height } = result;
    this.after.width = width;
    this.after.height = height;
    /** @type {CanvasRenderingContext2D} */ (this.after.getContext("2d")).drawImage(result, 0, 0);
    result.close();
    this.frame({ width, height });
    this.after.hidden = this.wipe.hidden = false;
    this.root.classList.add("has-cutout", "has-result");
    return { width, height };
  }

  /** Wipes from the photo to the cut-out, and leaves the handle where both are seen. */
  reveal() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.set(22);
    const begun = performance.now();
    const step = (/** @type {number} */ now) => {
      if (this.isHeld) return;
      const share = Math.min(1, Math.max(0, (now - begun) / 650));
      this.set(100 - 78 * (1 - (1 - share) ** 3));
      if (share < 1) requestAnimationFrame(step);
    };
    this.isHeld = false;
    this.wipe.addEventListener("pointerdown", () => (this.isHeld = true), { once: true });
    this.wipe.addEventListener("keydown", () => (this.isHeld = true), { once: true });
    requestAnimationFrame(step);
  }

  /** Takes everything away again. */
  clear() {
    if (this.local) URL.revokeObjectURL(this.local);
    this.local = "";
    this.before.removeAttribute("src");
    this.before.hidden = this.after.hidden = this.wipe.hidden = true;
    this.root.classList.remove("has-cutout", "has-result");
    this.set(100);
  }

  /** @param {Size} size */
  frame(size) {
    if (size.width && size.height) this.picture.style.setProperty("--ratio", `${size.width / size.height}`);
  }

  /**
   * @param {HTMLImageElement} image
   * @param {string} address
   */
  async load(image, address) {
    image.src = address;
    try {
      await image.decode();
      return true;
    } catch {
      return false;
    }
  }
}

/** @param {string} address */
async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}
