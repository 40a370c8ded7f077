// The canvas by keyboard alone: a brush that the arrow keys move, and a key for everything else.

/** @typedef {import("./pointer.js").Pointer} Pointer */

/**
 * @typedef {object} Keys
 * @property {(step: number) => void} step -1 undoes, 1 redoes
 * @property {(factor: number) => void} zoom
 * @property {() => void} fit
 * @property {() => void} full one photo pixel for one pixel of the screen
 * @property {(dx: number, dy: number) => void} pan
 * @property {(dx: number, dy: number) => void} moveBrush in canvas pixels
 * @property {() => void} pressBrush
 * @property {() => void} liftBrush
 * @property {() => boolean} isBrushDown
 * @property {() => void} cancel
 * @property {(by: number) => void} size
 * @property {(tool: "move" | "restore" | "erase") => void} choose
 * @property {() => void} toggleMode
 * @property {(isHeld: boolean) => void} hold
 * @property {() => void} help
 * @property {() => "move" | "restore" | "erase"} tool
 * @property {() => boolean} isBrushByKeys
 */

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});
const STEP_PX = 10;
const STEP_FINE_PX = 2;
const PAN_PX = 60;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Pointer} pointer
 * @param {Keys} keys
 */
export function listenToKeys(canvas, pointer, keys) {
  let isPaintingBySpace = false;

  addEventListener("keydown", (event) => {
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey || event.metaKey) return withControl(event, keys);
    // Single letters work only where no other control has the focus.
    if (event.altKey || !(event.target === canvas || event.target === document.body)) return;
    if (onCanvas(event)) event.preventDefault();
  });

  addEventListener("keyup", (event) => {
    if (event.key === " ") {
      pointer.isSpaceDown = false;
      canvas.classList.remove("grabbing");
      if (isPaintingBySpace) keys.liftBrush();
      isPaintingBySpace = false;
    }
    if (event.key.toLowerCase() === "c") keys.hold(false);
  });

  canvas.addEventListener("blur", () => {
    if (keys.isBrushDown() && pointer.doing !== "stroke") keys.liftBrush();
    isPaintingBySpace = false;
    pointer.isSpaceDown = false;
    keys.hold(false);
  });

  /** @param {KeyboardEvent} event */
  function onCanvas(event) {
    if (event.key in ARROWS) {
      const [dx, dy] = ARROWS[event.key];
      const step = event.shiftKey ? STEP_FINE_PX : STEP_PX;
      if (keys.tool() === "move") keys.pan(-dx * PAN_PX, -dy * PAN_PX);
      else keys.moveBrush(dx * step, dy * step);
      return true;
    }
    if (event.key === " ") {
      if (event.repeat) return true;
      if (keys.tool() !== "move" && keys.isBrushByKeys()) {
        isPaintingBySpace = true;
        keys.pressBrush();
      } else {
        pointer.isSpaceDown = true;
        canvas.classList.add("grabbing");
      }
      return true;
    }
    return withLetter(event, keys);
  }
}

/**
 * @param {KeyboardEvent} event
 * @param {Keys} keys
 */
function withLetter(event, keys) {
  switch (event.key) {
    case "+": case "=": keys.zoom(1.25); return true;
    case "-": case "_": keys.zoom(0.8); return true;
    case "0": keys.fit(); return true;
    case "1": keys.full(); return true;
    case "[": keys.size(-1); return true;
    case "]": keys.size(1); return true;
    case "?": keys.help(); return true;
    case "Escape": keys.cancel(); return true;
    case "Enter":
      if (keys.tool() === "move") return false;
      if (keys.isBrushDown()) keys.liftBrush();
      else keys.pressBrush();
      return true;
  }
  switch (event.key.toLowerCase()) {
    case "r": keys.choose("restore"); return true;
    case "e": keys.choose("erase"); return true;
    case "v": case "h": keys.choose("move"); return true;
    case "m": keys.toggleMode(); return true;
    case "c": keys.hold(true); return true;
  }
  return false;
}

/**
 * @param {KeyboardEvent} event
 * @param {Keys} keys
 */
function withControl(event, keys) {
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  keys.step(key === "y" || event.shiftKey ? 1 : -1);
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  const { target } = event;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["radio", "checkbox", "range", "color", "file"].includes(target.type);
}
