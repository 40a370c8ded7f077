// Mouse, pen and fingers on the canvas: brushing, panning, pinching.

/** @typedef {import("./viewport.js").Viewport} Viewport */

/**
 * @typedef {object} Hand what the pointer does, in canvas pixels of its pane
 * @property {(at: { x: number, y: number }, event: PointerEvent) => boolean} begin whether a stroke began
 * @property {(at: { x: number, y: number }[], event: PointerEvent) => void} extend
 * @property {() => void} end
 * @property {() => void} cancel
 * @property {(at: { x: number, y: number } | null) => void} hover
 * @property {() => void} moved the photo lies elsewhere now
 * @property {() => "move" | "restore" | "erase"} tool
 */

/** A stroke this short becomes a pinch when a second finger comes; a longer one is meant. */
const PINCH_POINTS_MAX = 12;

export class Pointer {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => Viewport} active what lies under the hand now
   * @param {Hand} hand
   */
  constructor(canvas, active, hand) {
    this.canvas = canvas;
    this.active = active;
    this.hand = hand;
    /** @type {Map<number, { x: number, y: number }>} */
    this.down = new Map();
    /** @type {"" | "stroke" | "pan" | "pinch"} */
    this.doing = "";
    this.pointCount = 0;
    this.isSpaceDown = false;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", (event) => this.release(event, true));
    canvas.addEventListener("pointerleave", () => this.hand.hover(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  get viewport() {
    return this.active();
  }

  /** @param {MouseEvent} event */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    // Beside each other both panes show the same part of the photo: a place in either means the same.
    return {
      x: (event.clientX - box.left) % this.viewport.width,
      y: (event.clientY - box.top) % this.viewport.height,
    };
  }

  /** @param {PointerEvent} event */
  press(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, this.at(event));
    if (this.down.size === 2 && event.pointerType === "touch") return this.pinch();
    if (this.doing) return;
    const pans = event.button === 1 || this.isSpaceDown || this.hand.tool() === "move";
    if (pans) {
      this.doing = "pan";
      this.canvas.classList.add("panning");
      if (event.button === 1) event.preventDefault();
    } else if ((event.button === 0 || event.button === 5) && this.hand.begin(this.at(event), event)) {
      this.doing = "stroke";
      this.pointCount = 1;
    }
  }

  pinch() {
    if (this.doing === "stroke") {
      if (this.pointCount > PINCH_POINTS_MAX) return;
      this.hand.cancel();
    }
    this.doing = "pinch";
    this.hand.hover(null);
  }

  /** @param {PointerEvent} event */
  move(event) {
    const at = this.at(event);
    const before = this.down.get(event.pointerId);
    if (event.pointerType !== "touch" || this.doing === "stroke") this.hand.hover(at);
    if (!before) return;
    if (this.doing === "stroke") {
      // A browser bundles a pen's many points into one event a frame; all of them belong to the line.
      const events = event.getCoalescedEvents?.() ?? [];
      const points = (events.length ? events : [event]).map((one) => this.at(one));
      this.pointCount += points.length;
      this.hand.extend(points, event);
    } else if (this.doing === "pan") {
      this.viewport.pan(at.x - before.x, at.y - before.y);
      this.hand.moved();
    } else if (this.doing === "pinch") {
      this.pinchTo(event.pointerId, before, at);
    }
    this.down.set(event.pointerId, at);
  }

  /**
   * @param {number} id
   * @param {{ x: number, y: number }} before
   * @param {{ x: number, y: number }} at
   */
  pinchTo(id, before, at) {
    const other = [...this.down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.viewport.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    if (was > 10) this.viewport.zoomTo(this.viewport.zoom * (is / was), middle.x, middle.y);
    this.hand.moved();
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} [isCancelled]
   */
  release(event, isCancelled = false) {
    if (!this.down.delete(event.pointerId)) return;
    if (this.doing === "stroke") {
      if (isCancelled) this.hand.cancel();
      else this.hand.end();
    }
    if (this.doing === "stroke" || this.down.size === 0) {
      this.doing = "";
      this.canvas.classList.remove("panning");
    }
    if (event.pointerType === "touch") this.hand.hover(null);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const [dx, dy] = [event.deltaX * lines, event.deltaY * lines];
    if (event.shiftKey || (Math.abs(dx) > Math.abs(dy) && !event.ctrlKey)) {
      this.viewport.pan(-(dx || dy), dx ? -dy : 0);
    } else {
      const at = this.at(event);
      // Pinching on a touchpad arrives as a wheel with Ctrl, in smaller steps.
      const speed = event.ctrlKey ? 0.012 : 0.0016;
      this.viewport.zoomTo(this.viewport.zoom * Math.exp(-dy * speed), at.x, at.y);
    }
    this.hand.moved();
  }
}
