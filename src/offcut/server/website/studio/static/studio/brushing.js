// The brush in somebody's hand: from the pointer or the keys to a stroke.

import { say, word } from "./words.js";

/** @typedef {import("./picture.js").Stroke} Stroke */

const POINTS_MAX = 4000;

/** Each key press makes the brush a tenth larger, and at least this much. */
const SIZE_STEP = 2;

export class Brushing {
  /**
   * @param {import("./picture.js").Picture} picture
   * @param {import("./viewport.js").Viewport} viewport
   * @param {import("./drawing.js").Drawing} drawing
   * @param {import("./saving.js").Saving} saving
   */
  constructor(picture, viewport, drawing, saving) {
    this.picture = picture;
    this.viewport = viewport;
    this.drawing = drawing;
    this.saving = saving;
    /** @type {"magic" | "manual"} */
    this.mode = "magic";
    this.size = 40;
    this.hardness = 0.8;
    /** @type {Stroke | null} */
    this.stroke = null;
    this.isByKeys = false;
  }

  get scene() {
    return this.drawing.scene;
  }

  /** In photo pixels: the brush keeps its size on the screen, so zooming in makes it finer. */
  get radius() {
    return Math.max(0.5, this.size / 2 / this.viewport.zoom);
  }

  /**
   * @param {{ x: number, y: number }} at on the canvas
   * @param {{ pressure?: number, pointerType?: string, buttons?: number } | null} pen
   */
  begin(at, pen) {
    const { tool } = this.scene;
    if (tool === "move" || !this.picture.shown) return false;
    // The other end of a pen is an eraser.
    const isTurned = pen?.pointerType === "pen" && ((pen.buttons ?? 0) & 32) !== 0;
    this.stroke = {
      mode: this.mode, kind: isTurned ? "erase" : tool, hardness: this.hardness,
      radius: round(this.radius * pressed(pen)), points: [],
    };
    this.isByKeys = pen === null;
    if (this.scene.view === "result" || this.scene.view === "original") this.onView?.();
    this.extend([at], pen);
    return true;
  }

  /** @type {(() => void) | undefined} called when the view has to show what is brushed */
  onView;

  /**
   * @param {{ x: number, y: number }[]} places
   * @param {{ pressure?: number, pointerType?: string } | null} pen
   */
  extend(places, pen) {
    const { stroke } = this;
    if (!stroke || stroke.points.length >= POINTS_MAX) return;
    const from = stroke.points.length;
    // Half a pixel of the screen makes no visible difference.
    const apart = Math.max(0.25, 0.7 / this.viewport.zoom);
    for (const place of places) {
      const { x, y } = this.inReach(this.viewport.toPhoto(place.x, place.y));
      const last = stroke.points[stroke.points.length - 1];
      if (!last || Math.hypot(x - last[0], y - last[1]) >= apart) stroke.points.push([round(x), round(y)]);
    }
    const radius = round(this.radius * pressed(pen));
    const isWider = pen?.pointerType === "pen" && radius > stroke.radius;
    if (isWider) stroke.radius = radius;
    if (stroke.mode === "manual") this.picture.paint(stroke, isWider ? 0 : from);
    this.showMarks();
  }

  /** @param {{ x: number, y: number }} point */
  inReach({ x, y }) {
    const { width, height } = this.picture.photo;
    const reach = Math.max(width, height) / 2;
    return { x: Math.min(width + reach, Math.max(-reach, x)), y: Math.min(height + reach, Math.max(-reach, y)) };
  }

  end() {
    const { stroke } = this;
    this.stroke = null;
    if (!stroke?.points.length) return;
    performance.mark("stroke-let-go");
    this.saving.add(stroke);
    this.showMarks();
  }

  cancel() {
    if (!this.stroke) return;
    this.stroke = null;
    this.picture.show(this.picture.all, this.saving.unsaved);
    this.showMarks();
  }

  /** Magic strokes are shown as marks until the server has said what they mean. */
  showMarks() {
    const waiting = this.saving.unsaved.filter((stroke) => stroke.mode === "magic");
    if (this.stroke?.mode === "magic") waiting.push(this.stroke);
    this.scene.marks = waiting;
    this.drawing.soon();
  }

  /** @param {{ x: number, y: number } | null} at on the canvas */
  hover(at) {
    this.isByKeys = false;
    this.scene.brush = at && { ...this.viewport.toPhoto(at.x, at.y), radius: this.radius, byKeys: false };
    this.drawing.soon();
  }

  /**
   * With the arrow keys, in canvas pixels.
   * @param {number} dx
   * @param {number} dy
   */
  moveBy(dx, dy) {
    const { width, height } = this.picture.photo;
    const { zoom } = this.viewport;
    const from = this.scene.brush ?? this.viewport.toPhoto(this.viewport.width / 2, this.viewport.height / 2);
    const x = Math.min(width, Math.max(0, from.x + dx / zoom));
    const y = Math.min(height, Math.max(0, from.y + dy / zoom));
    this.isByKeys = true;
    this.scene.brush = { x, y, radius: this.radius, byKeys: true };
    this.viewport.reveal(this.scene.brush);
    if (this.stroke) this.extend([this.viewport.toCanvas(this.scene.brush)], null);
    this.drawing.soon();
  }

  pressByKeys() {
    if (!this.scene.brush) this.moveBy(0, 0);
    const { brush } = this.scene;
    if (brush && this.begin(this.viewport.toCanvas(brush), null)) say(word("painting"));
  }

  /** The ring follows the size and the zoom. */
  refresh() {
    if (this.scene.brush) this.scene.brush.radius = this.radius;
    this.drawing.soon();
  }

  /** @param {number} direction */
  grownBy(direction) {
    const step = Math.max(SIZE_STEP, Math.round(this.size / 10));
    return Math.min(200, Math.max(4, this.size + direction * step));
  }
}

/** @param {{ pressure?: number, pointerType?: string } | null} pen */
function pressed(pen) {
  if (pen?.pointerType !== "pen" || !pen.pressure) return 1;
  return 0.35 + 0.65 * Math.min(1, pen.pressure * 1.3);
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
