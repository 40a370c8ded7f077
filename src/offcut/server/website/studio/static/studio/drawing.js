// What the canvas shows: the cut-out on its background, the original, both beside each other, or the result.

import { newCanvas } from "./picture.js";
import { Viewport } from "./viewport.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./picture.js").Stroke} Stroke */
/** @typedef {"cutout" | "original" | "both" | "result"} View */

/**
 * @typedef {object} Scene
 * @property {View} view
 * @property {boolean} isHeld whether the original is looked at for a moment
 * @property {"move" | "restore" | "erase"} tool
 * @property {Stroke[]} marks magic strokes whose outcome is not known yet
 * @property {{ x: number, y: number, radius: number, byKeys: boolean } | null} brush in photo pixels
 * @property {HTMLImageElement | null} result
 */

const TINTS = { restore: "rgba(18, 166, 106, 0.55)", erase: "rgba(222, 62, 52, 0.55)" };
const CHECK_PX = 12;
const GHOST = 0.38;

export class Drawing {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Picture} picture
   * @param {Viewport} viewport
   * @param {import("./backdrop.js").Backdrop} backdrop
   * @param {Scene} scene
   */
  constructor(canvas, picture, viewport, backdrop, scene) {
    this.canvas = canvas;
    this.to = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.picture = picture;
    this.viewport = viewport;
    this.backdrop = backdrop;
    this.scene = scene;
    /** The result has a size of its own, so it is zoomed and moved for itself. */
    this.resultViewport = new Viewport({ width: 1, height: 1 });
    this.isWaiting = false;
    /** @type {CanvasPattern | null} */
    this.checker = null;
    this.useColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.useColours();
      this.soon();
    });
  }

  useColours() {
    const style = getComputedStyle(this.canvas);
    const tile = newCanvas(2 * CHECK_PX, 2 * CHECK_PX);
    const draw = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
    draw.fillStyle = style.getPropertyValue("--check-a").trim() || "white";
    draw.fillRect(0, 0, tile.width, tile.height);
    draw.fillStyle = style.getPropertyValue("--check-b").trim() || "silver";
    draw.fillRect(0, 0, CHECK_PX, CHECK_PX);
    draw.fillRect(CHECK_PX, CHECK_PX, CHECK_PX, CHECK_PX);
    this.checker = this.to.createPattern(tile, "repeat");
    this.accent = style.getPropertyValue("--accent").trim() || "teal";
  }

  /** The canvas takes the size of its box on the page. */
  resize() {
    const box = this.canvas.getBoundingClientRect();
    const density = Math.min(2, devicePixelRatio || 1);
    const width = Math.max(1, Math.round(box.width * density));
    const height = Math.max(1, Math.round(box.height * density));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.density = density;
    this.arrange();
  }

  /** One photo has the canvas for itself, or half of it. */
  arrange() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const { photo } = this.viewport;
    // Two panes lie so that the photo is larger in them.
    const beside = Math.min(width / 2 / photo.width, height / photo.height);
    const isStacked = Math.min(width / photo.width, height / 2 / photo.height) > beside;
    this.halves = this.scene.view === "both" ? (isStacked ? [0, height / 2] : [width / 2, 0]) : [0, 0];
    if (this.scene.view !== "both") this.viewport.resize(width, height);
    else this.viewport.resize(isStacked ? width : width / 2, isStacked ? height / 2 : height);
    this.resultViewport.resize(width, height);
    this.soon();
  }

  /** What is zoomed and moved now. */
  get active() {
    return this.scene.view === "result" ? this.resultViewport : this.viewport;
  }

  /** @param {HTMLImageElement} result */
  useResult(result) {
    const { width, height } = this.resultViewport.photo;
    this.scene.result = result;
    if (width !== result.naturalWidth || height !== result.naturalHeight) {
      this.resultViewport.photo = { width: result.naturalWidth, height: result.naturalHeight };
      this.resultViewport.fit();
    }
    this.soon();
  }

  soon() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.draw();
    });
  }

  draw() {
    const { to, scene } = this;
    to.setTransform(1, 0, 0, 1, 0, 0);
    to.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const [dx, dy] = /** @type {number[]} */ (this.halves ?? [0, 0]);
    if (scene.view === "result" && !scene.isHeld) return this.drawResult();
    if (scene.view === "both") {
      this.drawPane(0, 0, true);
      this.drawPane(dx, dy, scene.isHeld);
      this.drawSeam(dx, dy);
    } else {
      this.drawPane(0, 0, scene.isHeld || scene.view === "original");
    }
  }

  /**
   * @param {number} dx where the pane begins
   * @param {number} dy
   * @param {boolean} isOriginal
   */
  drawPane(dx, dy, isOriginal) {
    const { to, viewport, picture } = this;
    const density = this.density ?? 1;
    const { width, height } = viewport.photo;
    to.save();
    to.setTransform(density, 0, 0, density, dx * density, dy * density);
    to.beginPath();
    to.rect(0, 0, viewport.width, viewport.height);
    to.clip();
    const box = [viewport.x, viewport.y, width * viewport.zoom, height * viewport.zoom];
    const [x, y, wide, tall] = box;
    to.imageSmoothingEnabled = viewport.zoom * picture.ratio < 4;
    to.imageSmoothingQuality = "high";
    if (isOriginal) {
      if (picture.original) to.drawImage(picture.original, x, y, wide, tall);
    } else {
      this.drawGround(x, y, wide, tall);
      to.drawImage(picture.cutout, x, y, wide, tall);
    }
    for (const mark of this.scene.marks) this.drawMark(mark);
    this.drawBrush();
    to.restore();
  }

  /**
   * What lies under the cut-out. With the restore brush, what was removed shines through: one has to see it.
   * @param {number} x
   * @param {number} y
   * @param {number} wide
   * @param {number} tall
   */
  drawGround(x, y, wide, tall) {
    const { to } = this;
    to.save();
    to.beginPath();
    to.rect(x, y, wide, tall);
    to.clip();
    if (!this.backdrop.draw(to, x, y, wide, tall)) {
      to.fillStyle = this.checker ?? "white";
      to.fillRect(x, y, wide, tall);
    }
    if (this.scene.tool === "restore" && this.picture.original) {
      to.globalAlpha = GHOST;
      to.drawImage(this.picture.original, x, y, wide, tall);
    }
    to.restore();
  }

  /** @param {Stroke} mark */
  drawMark(mark) {
    const { to, viewport } = this;
    to.save();
    to.lineCap = to.lineJoin = "round";
    to.lineWidth = 2 * mark.radius * viewport.zoom;
    to.strokeStyle = TINTS[mark.kind];
    to.beginPath();
    mark.points.forEach(([x, y], i) => {
      const at = viewport.toCanvas({ x, y });
      if (i) to.lineTo(at.x, at.y);
      else to.moveTo(at.x, at.y);
    });
    if (mark.points.length === 1) {
      const at = viewport.toCanvas({ x: mark.points[0][0], y: mark.points[0][1] });
      to.lineTo(at.x + 0.01, at.y);
    }
    to.stroke();
    to.restore();
  }

  drawBrush() {
    const { to, viewport, scene } = this;
    if (!scene.brush || scene.tool === "move") return;
    const at = viewport.toCanvas(scene.brush);
    const radius = Math.max(2, scene.brush.radius * viewport.zoom);
    // Dark inside light: the ring is seen on every photo.
    for (const [colour, width] of /** @type {[string, number][]} */ ([["rgba(0,0,0,.65)", 3], ["white", 1.5]])) {
      to.beginPath();
      to.arc(at.x, at.y, radius, 0, 2 * Math.PI);
      to.strokeStyle = colour;
      to.lineWidth = width;
      to.stroke();
    }
    if (scene.brush.byKeys) {
      to.beginPath();
      to.moveTo(at.x - 6, at.y);
      to.lineTo(at.x + 6, at.y);
      to.moveTo(at.x, at.y - 6);
      to.lineTo(at.x, at.y + 6);
      to.stroke();
    }
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  drawSeam(dx, dy) {
    const { to } = this;
    const density = this.density ?? 1;
    to.fillStyle = this.accent ?? "teal";
    if (dx) to.fillRect(dx * density - 1, 0, 2, this.canvas.height);
    else to.fillRect(0, dy * density - 1, this.canvas.width, 2);
  }

  /** The server's own preview, as large as fits: exactly what will be downloaded. */
  drawResult() {
    const { result } = this.scene;
    if (!result) return;
    const { to, resultViewport } = this;
    const density = this.density ?? 1;
    to.setTransform(density, 0, 0, density, 0, 0);
    const [x, y] = [resultViewport.x, resultViewport.y];
    const [wide, tall] = [result.width * resultViewport.zoom, result.height * resultViewport.zoom];
    to.fillStyle = this.checker ?? "white";
    to.fillRect(x, y, wide, tall);
    to.imageSmoothingQuality = "high";
    to.drawImage(result, x, y, wide, tall);
    to.strokeStyle = "rgba(128,128,128,.5)";
    to.strokeRect(x - 0.5, y - 0.5, wide + 1, tall + 1);
  }
}
