// The studio: brings photo, brush, panels and server together. Read this file first.

import { Backdrop } from "./backdrop.js";
import { Brushing } from "./brushing.js";
import { useDownloads } from "./download.js";
import { Drawing } from "./drawing.js";
import { Keeping } from "./keeping.js";
import { listenToKeys } from "./keyboard.js";
import { NetError, request } from "./net.js";
import { Panels, changesLayout } from "./panels.js";
import { Picture, loadImage } from "./picture.js";
import { Pointer } from "./pointer.js";
import { Result } from "./result.js";
import { Saving } from "./saving.js";
import { Sizing } from "./sizing.js";
import { Steps } from "./steps.js";
import { useTabs, useToolbar } from "./tabs.js";
import { Viewport } from "./viewport.js";
import { say, useWords, word } from "./words.js";

/** @param {string} id */
const element = (id) => /** @type {any} */ (document.getElementById(id));

const data = JSON.parse(element("studio-data").textContent);
useWords(JSON.parse(element("studio-words").textContent));
element("studio").hidden = false;

/** @type {HTMLCanvasElement} */
const canvas = element("canvas");
/** @type {import("./drawing.js").Scene} */
const scene = { view: "cutout", isHeld: false, tool: "move", marks: [], brush: null, result: null };
const photo = { width: data.image.width, height: data.image.height };
const picture = new Picture(photo, data.image.screen);
const viewport = new Viewport(photo);
const backdrop = new Backdrop(picture, data.urls, () => drawing?.soon());
const drawing = new Drawing(canvas, picture, viewport, backdrop, scene);
const saving = new Saving(data.urls, data.strokes, `offcut-strokes-${data.image.id}`, matteCame, newsCame);
const steps = new Steps(`offcut-steps-${data.image.id}`);
const brushing = new Brushing(picture, viewport, drawing, saving);
const keeping = new Keeping(data.urls.settings, `offcut-settings-${data.image.id}`, newsCame);
const result = new Result(data.urls.preview, resultCame, (isBusy) => busy(isBusy ? word("making_result") : ""), troubleCame);
const sizing = new Sizing(data.urls.size, element("full-size"), () => panels.read());
const panels = new Panels(element("settings"), settingsChanged);
const isPhone = matchMedia("(max-width: 52rem)");
// On a phone the sheet with the panels takes room from the photo: a second tap on its tab puts it away.
const tabs = useTabs(element("tabs"), (name, isTap) => {
  const studio = element("studio");
  const isAgain = isTap && studio.dataset.panel === name && isPhone.matches;
  studio.classList.toggle("folded", isAgain && !studio.classList.contains("folded"));
  studio.dataset.panel = name;
  sizing.want(name === "download");
  useTool();
});

// The matte and its strokes

/**
 * @param {ImageBitmap | null} part
 * @param {import("./picture.js").Box | null} box
 */
function matteCame(part, box) {
  if (part && box) {
    picture.layMatte(part, box);
    picture.show(picture.shown ? box : picture.all, saving.unsaved);
  }
  backdrop.refresh();
  brushing.showMarks();
  drawing.draw();
  performance.mark("matte-on-screen");
  canvas.dataset.strokes = String(saving.known.count);
  result.outdate();
  steps.fit(saving.counts);
  // Before the first stroke the page says the size itself.
  if (canvas.dataset.ready) sizing.outdate();
  showCounts();
}

function showCounts() {
  const { count } = saving.counts;
  element("undo").disabled = steps.done.length === 0;
  element("redo").disabled = steps.undone.length === 0;
  element("canvas-state").textContent = word(count === 1 ? "one_stroke" : "strokes", { count });
}

/**
 * @param {import("./saving.js").News} news
 * @param {string} message
 */
function newsCame(news, message) {
  const saved = element("saved");
  saved.dataset.state = news;
  saved.textContent = news === "saving" ? word("saving") : news === "saved" ? word("saved") : news === "away" ? word("not_saved") : "";
  if (news === "saved" && wasAway) say(word("back"));
  else if (news === "saved" && toTell) say(word(toTell));
  if (["saved", "stale", "gone", "refused"].includes(news)) toTell = "";
  if (news === "away" && !wasAway) say(word("away"), { lasting: true, bad: true });
  if (news === "stale") say(word("changed_elsewhere"), { bad: true });
  if (news === "gone") say(message || word("gone"), { lasting: true, bad: true });
  if (news === "refused") say(message || word("refused"), { bad: true });
  if (news === "saved" || news === "away") wasAway = news === "away";
  brushing?.showMarks();
  showCounts();
}
let wasAway = false;

/** What is to be said once it is true: that a stroke was applied, or taken back. */
let toTell = "";

/** @param {number} step */
function undo(step) {
  brushing.cancel();
  const taken = steps.move(step);
  if (!taken) return say(word(step < 0 ? "nothing_to_undo" : "nothing_to_redo"));
  if (taken.settings) {
    useSettings(taken.settings, panels.write(taken.settings));
    say(word(step < 0 ? "undone" : "redone"));
  } else {
    saving.move(step);
    picture.show(picture.all, saving.unsaved);
    brushing.showMarks();
    toTell = step < 0 ? "undone" : "redone";
  }
  showCounts();
}

function strokeEnded() {
  if (!brushing.stroke) return;
  toTell = "stroke_applied";
  const { count } = saving.counts;
  brushing.end();
  if (saving.counts.count > count) steps.painted();
  showCounts();
}

// What is shown

/** @param {import("./drawing.js").View} view */
function show(view) {
  if (scene.view === view) return;
  scene.view = view;
  for (const radio of element("views").querySelectorAll("input")) radio.checked = radio.value === view;
  if (view !== "result") busy("");
  result.want(view === "result");
  drawing.arrange();
  showZoom();
}

function showZoom() {
  element("zoom").textContent = word("percent", { value: Math.round(drawing.active.zoom * 100) });
  brushing.refresh();
}

/** @param {boolean} isHeld */
function hold(isHeld) {
  if (scene.isHeld === isHeld) return;
  scene.isHeld = isHeld;
  element("hold").setAttribute("aria-pressed", String(isHeld));
  drawing.soon();
}

/** @param {string} sentence "" when nothing goes on */
function busy(sentence) {
  element("busy").hidden = sentence === "";
  element("busy-words").textContent = sentence;
}

/**
 * @param {HTMLImageElement} image
 * @param {string[]} notes
 */
function resultCame(image, notes) {
  noteShadow(notes.includes("shadow_replaced"));
  drawing.useResult(image);
  canvas.dataset.result = `${image.naturalWidth}x${image.naturalHeight}`;
  showZoom();
}

/** @param {boolean} isReplaced whether another shadow was drawn than was asked for */
function noteShadow(isReplaced) {
  const place = element("shadow-note");
  const sentence = isReplaced ? word("shadow_replaced") : "";
  // Written once: a screen reader would read it out again at every new preview.
  if (place.textContent !== sentence) place.textContent = sentence;
}

/** @param {NetError} error */
function troubleCame(error) {
  say(error.kind === "away" ? word("away_result") : error.message || word("refused"), { bad: true });
}

/** @param {number} factor */
function zoom(factor) {
  drawing.active.zoomTo(drawing.active.zoom * factor);
  moved();
}

function moved() {
  drawing.soon();
  showZoom();
}

// The brush

/** @param {"move" | "restore" | "erase"} tool */
function choose(tool) {
  panels.choose("tool", tool);
  tabs.open("brush");
  useTool();
}

function useTool() {
  // The brush works while its panel is open; beside the other panels the photo is only moved.
  scene.tool = element("studio").dataset.panel === "brush" ? /** @type {any} */ (panels.chosen("tool")) : "move";
  brushing.mode = /** @type {any} */ (panels.chosen("mode"));
  brushing.size = Number(element("size").value);
  brushing.hardness = Number(element("hardness").value) / 100;
  element("size-shown").textContent = String(brushing.size);
  element("hardness-shown").textContent = word("percent", { value: element("hardness").value });
  element("hardness-row").hidden = brushing.mode === "magic";
  element("brush-hint").textContent = word(scene.tool === "move" ? "hint_move" : `hint_${brushing.mode}_${scene.tool}`);
  canvas.dataset.tool = scene.tool;
  if (scene.tool !== "move" && (scene.view === "result" || scene.view === "original")) show("cutout");
  brushing.refresh();
}

/** @param {number} by */
function resizeBrush(by) {
  element("size").value = String(brushing.grownBy(by));
  useTool();
  say(word("size", { size: brushing.size }));
}

// The settings

/**
 * @param {import("./panels.js").Settings} settings
 * @param {boolean} isLayout
 * @param {string} control
 */
function settingsChanged(settings, isLayout, control) {
  steps.changed(settings, control);
  showCounts();
  useSettings(settings, isLayout);
}

/**
 * @param {import("./panels.js").Settings} settings
 * @param {boolean} isLayout
 */
function useSettings(settings, isLayout) {
  backdrop.use(settings.background);
  if (!["3D", "car"].includes(settings.shadow.kind)) noteShadow(false);
  result.use(settings);
  sizing.outdate();
  keeping.keep(settings);
  // What the photo's own frame cannot show is shown as the result.
  if (isLayout && changesLayout(settings)) show("result");
  else if (scene.view === "original") show("cutout");
}

async function uploadBackground() {
  const [file] = element("background-photo").files;
  if (!file) return;
  say(word("uploading"), { lasting: true });
  const body = new FormData();
  body.set("photo", file);
  try {
    const answer = await (await request("POST", data.urls.background, { body })).json();
    panels.photo = answer.id;
    panels.settle();
    say(word("background_laid"));
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    say(error.kind === "away" ? word("away_upload") : error.message || word("refused"), { bad: true });
  }
}

async function applyToAll() {
  const button = element("apply-all");
  button.disabled = true;
  try {
    await request("PUT", data.urls.batch_settings, { json: panels.read() });
    say(word("applied_to_all"));
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    say(error.kind === "away" ? word("away_upload") : error.message || word("refused"), { bad: true });
  } finally {
    button.disabled = false;
    button.focus();
  }
}

// Everything that listens

function listen() {
  const pointer = new Pointer(canvas, () => drawing.active, {
    begin: (at, event) => brushing.begin(at, event),
    extend: (places, event) => brushing.extend(places, event),
    end: strokeEnded,
    cancel: () => brushing.cancel(),
    hover: (at) => brushing.hover(at),
    moved,
    tool: () => (scene.view === "result" ? "move" : scene.tool),
  });
  brushing.onView = () => show("cutout");
  listenToKeys(canvas, pointer, {
    step: undo, zoom, choose, hold,
    fit, full: () => { drawing.active.zoomTo(1); moved(); },
    pan: (dx, dy) => { drawing.active.pan(dx, dy); moved(); },
    moveBrush: (dx, dy) => brushing.moveBy(dx, dy),
    pressBrush: () => brushing.pressByKeys(),
    liftBrush: strokeEnded,
    isBrushDown: () => brushing.stroke !== null,
    cancel: () => brushing.cancel(),
    size: resizeBrush,
    toggleMode: () => { panels.choose("mode", brushing.mode === "magic" ? "manual" : "magic"); useTool(); say(word(brushing.mode)); },
    help: () => element("keys-dialog").showModal(),
    tool: () => scene.tool,
    isBrushByKeys: () => brushing.isByKeys && scene.brush !== null,
  });
  element("undo").addEventListener("click", () => undo(-1));
  element("redo").addEventListener("click", () => undo(1));
  element("zoom-in").addEventListener("click", () => zoom(1.25));
  element("zoom-out").addEventListener("click", () => zoom(0.8));
  element("zoom-fit").addEventListener("click", fit);
  element("keys").addEventListener("click", () => element("keys-dialog").showModal());
  const button = element("hold");
  button.addEventListener("pointerdown", () => hold(true));
  for (const kind of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(kind, () => hold(false));
  button.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => hold(event.key === " " || event.key === "Enter" || scene.isHeld));
  button.addEventListener("keyup", () => hold(false));
  element("views").addEventListener("change", (/** @type {any} */ event) => show(event.target.value));
  for (const id of ["brush-tool", "brush-mode", "size", "hardness"]) element(id).addEventListener("input", useTool);
  element("background-photo").addEventListener("change", uploadBackground);
  element("settings").addEventListener("change", () => steps.letGo());
  element("apply-all")?.addEventListener("click", applyToAll);
  new ResizeObserver(() => { drawing.resize(); showZoom(); }).observe(element("canvas-wrap"));
}

function fit() {
  drawing.active.fit();
  moved();
}

function useBars() {
  useToolbar(element("tools"));
  if (location.hash.length > 1 && document.getElementById(`tab-${location.hash.slice(1)}`)) tabs.open(location.hash.slice(1));
}

async function start() {
  listen();
  useBars();
  useTool();
  const unsaved = keeping.resume();
  const settings = unsaved ?? data.image.settings;
  if (unsaved) sizing.outdate();
  if (settings) panels.write(/** @type {any} */ (settings));
  panels.arrange();
  steps.begin(panels.read());
  backdrop.use(panels.background());
  result.use(panels.read());
  useDownloads(data.urls, { name: data.image.name, isPaid: data.image.is_paid }, () => saving.settled(), () => panels.read());
  drawing.resize();
  busy(word("loading"));
  try {
    const [colours] = await Promise.all([loadImage(data.urls.colours), saving.reload()]);
    picture.useColours(colours);
  } catch (error) {
    return say(error instanceof NetError && error.message ? error.message : word("not_loaded"), { lasting: true, bad: true });
  } finally {
    busy("");
  }
  fit();
  if (changesLayout(panels.read())) show("result");
  if (await saving.resume()) say(word("resumed"));
  steps.open();
  matteCame(null, null);
  canvas.dataset.ready = "yes";
  performance.mark("studio-ready");
  // The original is needed for looking and comparing only: it comes after what is seen first.
  picture.original = await loadImage(data.urls.original);
  backdrop.refresh();
  drawing.soon();
}

start();
