// @ts-check
/** One photo of a batch: a small picture, how far it is, what can be done. */

import { uploadId } from "./exchange.js";
import { filled } from "./words.js";

const SMALL = 240;

/** Thumbnails are made one after the other, and only of tiles that are seen: photos are large. */
let thumbnails = Promise.resolve();
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    const tile = tiles.get(entry.target);
    if (tile) thumbnails = thumbnails.then(() => tile.thumbnail());
  }
}, { rootMargin: "200px" });
/** @type {WeakMap<Element, Tile>} */
const tiles = new WeakMap();

export class Tile {
  /**
   * @param {HTMLTemplateElement} template
   * @param {Record<string, any>} words
   * @param {string} name
   * @param {File | null} file null for a photo that only the server has
   * @param {string} [upload] the name of its upload, if it has had one before a reload
   */
  constructor(template, words, name, file, upload) {
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.element = /** @type {HTMLElement} */ (copy.firstElementChild);
    this.words = words;
    this.name = name;
    this.file = file;
    this.upload = upload || uploadId();
    this.image = null;
    this.share = 0;
    this.problem = "";
    this.reason = "";
    this.shown = "";
    this.state = "chosen";
    this.one(".tile-name").textContent = name;
    tiles.set(this.element, this);
    this.set("chosen");
  }

  /** Whether the photo is only on this device yet. */
  get isHere() {
    return Boolean(this.file) && !this.image && this.state !== "failed";
  }

  /** How much of its way it has come, 0 to 1. */
  get way() {
    if (["done", "failed"].includes(this.state)) return 1;
    return this.image ? 0.5 : this.share / 2;
  }

  /** Makes its thumbnail when it is seen. */
  observe() {
    seen.observe(this.element);
  }

  /**
   * @param {string} state
   * @param {number} [share] how much is uploaded
   */
  set(state, share = 0) {
    this.state = state;
    this.share = share;
    this.element.dataset.state = state;
    const percent = Math.floor(share * 100);
    this.one(".tile-state").textContent = this.problem || filled(this.words[`state_${state}`], { percent });
    const bar = /** @type {HTMLProgressElement} */ (this.one("progress"));
    bar.hidden = state !== "uploading";
    bar.value = percent;
    bar.setAttribute("aria-label", this.name);
    // Without its file, and unknown to the server, it cannot be tried again.
    const wants = { retry: state === "failed" && Boolean(this.file || this.image), remove: ["chosen", "failed", "done"].includes(state) };
    for (const [action, is] of Object.entries(wants)) {
      const button = this.one(`[data-action="${action}"]`);
      button.hidden = !is;
      if (action === "remove") button.textContent = state === "done" ? this.words.delete : this.words.remove;
      button.setAttribute("aria-label", `${button.textContent}: ${this.name}`);
    }
  }

  /** @param {any} image its JSON from the server */
  take(image) {
    const isNew = this.state !== image.state || !this.image;
    this.image = image;
    this.problem = image.state === "failed" && image.error ? `${image.error.message} ${image.error.hint || ""}`.trim() : "";
    if (!isNew && !this.problem) return;
    this.set(image.state);
    if (image.state !== "done") return;
    const link = /** @type {HTMLAnchorElement} */ (this.one(".tile-link"));
    link.hidden = !image.urls.studio;
    link.href = image.urls.studio;
    link.setAttribute("aria-label", `${link.textContent}: ${this.name}`);
    this.refresh();
  }

  /** Shows the cut-out as it is now. */
  refresh() {
    const address = this.image?.urls.thumbnail || this.image?.urls.preview;
    if (this.state !== "done" || !address) return;
    const picture = /** @type {HTMLImageElement} */ (this.one("img"));
    picture.onload = () => (this.one("canvas").hidden = true);
    // Shown before it is there: a browser does not fetch a lazy picture that is hidden.
    picture.hidden = false;
    picture.src = `${address}${address.includes("?") ? "&" : "?"}at=${Date.now()}`;
  }

  /** @param {string} problem */
  fail(problem) {
    this.problem = this.reason = problem;
    this.set("failed");
    this.problem = "";
  }

  async thumbnail() {
    if (!this.file || this.state === "done" || !this.element.isConnected) return;
    try {
      const bitmap = await createImageBitmap(this.file, { resizeWidth: SMALL, resizeQuality: "medium" });
      const canvas = /** @type {HTMLCanvasElement} */ (this.one("canvas"));
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
      bitmap.close();
    } catch {
      // A kind of photo that this browser cannot show; the server can.
    }
  }

  drop() {
    seen.unobserve(this.element);
    this.element.remove();
    this.file = null;
  }

  /** @param {string} selector */
  one(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }
}
