// Where the photo lies on the canvas, and how large. Lengths on the canvas are CSS pixels.

const ZOOM_MAX = 8;
const ROOM = 24;

export class Viewport {
  /** @param {{ width: number, height: number }} photo size in pixels of the original */
  constructor(photo) {
    this.photo = photo;
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    this.width = 1;
    this.height = 1;
    this.isFitted = true;
  }

  /**
   * The part of the canvas that shows one photo has this size now.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (width === this.width && height === this.height) return;
    const middle = this.toPhoto(this.width / 2, this.height / 2);
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    if (this.isFitted) this.fit();
    else this.center(middle);
  }

  get fitting() {
    const { width, height } = this.photo;
    const room = Math.min(ROOM, this.width / 16, this.height / 16);
    return Math.min((this.width - 2 * room) / width, (this.height - 2 * room) / height);
  }

  fit() {
    this.zoom = this.fitting;
    this.isFitted = true;
    this.center({ x: this.photo.width / 2, y: this.photo.height / 2 });
  }

  /** @param {{ x: number, y: number }} middle in photo pixels */
  center(middle) {
    this.x = this.width / 2 - middle.x * this.zoom;
    this.y = this.height / 2 - middle.y * this.zoom;
    this.hold();
  }

  /**
   * @param {number} zoom canvas pixels for a photo pixel
   * @param {number} [atX] the place that stays where it is
   * @param {number} [atY]
   */
  zoomTo(zoom, atX = this.width / 2, atY = this.height / 2) {
    const least = Math.min(this.fitting / 2, 1);
    const next = Math.min(Math.max(ZOOM_MAX, this.fitting), Math.max(least, zoom));
    const still = this.toPhoto(atX, atY);
    this.zoom = next;
    this.x = atX - still.x * next;
    this.y = atY - still.y * next;
    this.isFitted = false;
    this.hold();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.isFitted = false;
    this.hold();
  }

  // A corner of the photo always stays in sight: nobody can lose it.
  hold() {
    const wide = this.photo.width * this.zoom;
    const tall = this.photo.height * this.zoom;
    const keepX = Math.min(80, wide / 2);
    const keepY = Math.min(80, tall / 2);
    this.x = Math.min(this.width - keepX, Math.max(keepX - wide, this.x));
    this.y = Math.min(this.height - keepY, Math.max(keepY - tall, this.y));
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  toPhoto(x, y) {
    return { x: (x - this.x) / this.zoom, y: (y - this.y) / this.zoom };
  }

  /** @param {{ x: number, y: number }} point */
  toCanvas(point) {
    return { x: this.x + point.x * this.zoom, y: this.y + point.y * this.zoom };
  }

  /**
   * Moves the photo as little as needed to bring a point into sight.
   * @param {{ x: number, y: number }} point
   */
  reveal(point) {
    const { x, y } = this.toCanvas(point);
    const edge = Math.min(48, this.width / 4, this.height / 4);
    const dx = x < edge ? edge - x : x > this.width - edge ? this.width - edge - x : 0;
    const dy = y < edge ? edge - y : y > this.height - edge ? this.height - edge - y : 0;
    if (dx || dy) this.pan(dx, dy);
  }
}
