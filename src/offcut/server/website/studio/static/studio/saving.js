// The strokes on their way to the server, one message after the other, and what is on the screen meanwhile.
//
// Nothing is lost: what is not saved yet is kept in the browser's own storage until the server has answered, so
// it outlives a lost connection and a reload.

import { NetError, request } from "./net.js";

/** @typedef {import("./picture.js").Stroke} Stroke */
/** @typedef {import("./picture.js").Box} Box */
/** @typedef {{ count: number, total: number, tag: string }} Known what the server's matte shows */
/** @typedef {{ stroke: Stroke, step?: undefined } | { stroke?: undefined, step: number }} Action a stroke, or steps back (-) and forth (+) */
/** @typedef {"saving" | "saved" | "away" | "stale" | "gone" | "refused"} News */

const STROKES_A_MESSAGE = 20;
const WAIT_MS_MAX = 15000;

export class Saving {
  /**
   * @param {{ strokes: string, rewind: string }} urls
   * @param {Known} known
   * @param {string} name under which unsaved strokes are kept in this browser
   * @param {(part: ImageBitmap | null, box: Box | null) => void} onMatte a new matte, or part of one
   * @param {(news: News, message: string) => void} onNews
   */
  constructor(urls, known, name, onMatte, onNews) {
    this.urls = urls;
    this.known = known;
    this.name = name;
    this.onMatte = onMatte;
    this.onNews = onNews;
    /** @type {Action[]} */
    this.waiting = [];
    this.isSending = false;
    /** @type {Storage | null} what is not saved yet is kept here; another window's is left alone */
    this.store = null;
    this.delay = 1000;
    /** @type {number | undefined} */
    this.timer = undefined;
    addEventListener("online", () => this.retry());
  }

  /** How many strokes the person sees done, and how many could be had by redoing. */
  get counts() {
    let { count, total } = this.known;
    for (const action of this.waiting) {
      if (action.stroke) total = count += 1;
      else count = Math.max(0, Math.min(total, count + action.step));
    }
    return { count, total };
  }

  /** Strokes that are drawn and not yet part of the server's matte. @returns {Stroke[]} */
  get unsaved() {
    /** @type {Stroke[]} */
    const done = [];
    /** @type {Stroke[]} */
    const undone = [];
    for (const action of this.waiting) {
      if (action.stroke) {
        done.push(action.stroke);
        undone.length = 0;
      } else {
        for (let i = action.step; i < 0 && done.length; i++) undone.push(/** @type {Stroke} */ (done.pop()));
        for (let i = action.step; i > 0 && undone.length; i--) done.push(/** @type {Stroke} */ (undone.pop()));
      }
    }
    return done;
  }

  /** Takes up what an earlier visit could not save. @returns {Promise<number>} how many strokes */
  async resume() {
    try {
      this.store = (await isFirstWindow(this.name)) ? localStorage : sessionStorage;
      const kept = JSON.parse(this.store.getItem(this.name) ?? "null");
      if (Array.isArray(kept?.waiting)) this.waiting = [...kept.waiting, ...this.waiting];
    } catch {
      // Without storage there is nothing to take up.
    }
    this.send();
    return this.unsaved.length;
  }

  /** @param {Stroke} stroke */
  add(stroke) {
    this.waiting.push({ stroke });
    this.keep();
    this.send();
  }

  /** @param {number} step -1 undoes, 1 redoes. @returns {boolean} whether there was anything */
  move(step) {
    const { count, total } = this.counts;
    if (count + step < 0 || count + step > total) return false;
    this.waiting.push({ step });
    this.keep();
    this.send();
    return true;
  }

  retry() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.send();
  }

  /** Resolves once everything is with the server. */
  async settled() {
    while (this.waiting.length) {
      if (this.timer !== undefined) throw new NetError("away", "", 0);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  async send() {
    if (this.isSending || this.timer !== undefined) return;
    this.isSending = true;
    try {
      while (this.waiting.length) {
        this.onNews("saving", "");
        await this.sendFirst();
        this.delay = 1000;
        if (!this.waiting.length) this.onNews("saved", "");
      }
    } catch (error) {
      await this.recover(error);
    } finally {
      this.isSending = false;
    }
    if (this.waiting.length && this.timer === undefined) this.send();
  }

  async sendFirst() {
    const first = this.waiting[0];
    let taken = 1;
    let response;
    const headers = { "If-Match": this.known.tag };
    if (first.stroke) {
      while (taken < STROKES_A_MESSAGE && this.waiting[taken]?.stroke) taken += 1;
      const strokes = this.waiting.slice(0, taken).map((action) => action.stroke);
      const json = { strokes, after: this.known.count };
      response = await request("POST", this.urls.strokes, { json, headers });
    } else {
      let step = /** @type {number} */ (first.step);
      while (this.waiting[taken]?.step) step += /** @type {number} */ (this.waiting[taken++].step);
      const to = Math.max(0, Math.min(this.known.total, this.known.count + step));
      response = await request("POST", this.urls.rewind, { json: { to }, headers });
    }
    const answer = await read(response);
    this.waiting.splice(0, taken);
    this.keep();
    this.take(answer);
  }

  /** @param {{ known: Known, part: ImageBitmap, box: Box }} answer */
  take({ known, part, box }) {
    this.known = known;
    this.onMatte(part, box);
  }

  /** The whole matte as it is now. */
  async reload() {
    this.take(await read(await request("GET", this.urls.strokes)));
  }

  /** @param {unknown} error */
  async recover(error) {
    if (!(error instanceof NetError)) throw error;
    if (error.kind === "stale") {
      // Strokes belong to places of the photo and fit the newest state too; "undo" belonged to a state that is gone.
      this.waiting = this.unsaved.map((stroke) => ({ stroke }));
    } else if (error.kind === "refused") {
      this.waiting.shift();
    } else if (error.kind === "gone") {
      this.waiting = [];
    }
    if (error.kind === "stale" || error.kind === "refused") {
      try {
        await this.reload();
      } catch {
        return this.later();
      }
    }
    this.keep();
    if (error.kind === "away") this.later();
    this.onNews(error.kind, error.message);
  }

  later() {
    this.timer = setTimeout(() => this.retry(), this.delay);
    this.delay = Math.min(WAIT_MS_MAX, 2 * this.delay);
  }

  keep() {
    try {
      if (this.waiting.length) this.store?.setItem(this.name, JSON.stringify({ waiting: this.waiting }));
      else this.store?.removeItem(this.name);
    } catch {
      // A browser without storage (private, or full) still saves on the server.
    }
  }
}

/**
 * Whether no other window of this browser has the same photo open. Two windows must not both take up what a
 * third could not save.
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function isFirstWindow(name) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      // Held as long as the window lives.
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}

/** @param {Response} response */
async function read(response) {
  const [left, top, right, bottom] = (response.headers.get("X-Box") ?? "").split(" ").map(Number);
  const known = {
    count: Number(response.headers.get("X-Strokes")),
    total: Number(response.headers.get("X-Strokes-Total")),
    tag: response.headers.get("ETag") ?? "",
  };
  const blob = await response.blob();
  const part = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  return { known, part, box: { left, top, right, bottom } };
}
