// How large the full size will be: the server says it for the settings that are chosen now.

import { NetError, request } from "./net.js";
import { word } from "./words.js";

const PAUSE_MS = 300;

export class Sizing {
  /**
   * @param {string} url
   * @param {HTMLElement} place where it is said
   * @param {() => unknown} settings
   */
  constructor(url, place, settings) {
    this.url = url;
    this.place = place;
    this.settings = settings;
    this.isWanted = false;
    this.isOld = false;
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {AbortController | null} */
    this.running = null;
  }

  /** @param {boolean} isWanted whether somebody looks at it */
  want(isWanted) {
    this.isWanted = isWanted;
    if (isWanted && this.isOld) this.soon(0);
  }

  /** The matte or the settings have changed. */
  outdate() {
    this.isOld = true;
    if (this.isWanted) this.soon(PAUSE_MS);
  }

  /** @param {number} pause */
  soon(pause) {
    // No size is better than one that is no longer true.
    this.place.textContent = "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), pause);
  }

  async fetch() {
    this.running?.abort();
    const mine = (this.running = new AbortController());
    const url = new URL(this.url, location.href);
    url.searchParams.set("settings", JSON.stringify(this.settings()));
    try {
      const { width, height } = await (await request("GET", url.href, { signal: mine.signal })).json();
      if (mine.signal.aborted) return;
      this.isOld = false;
      this.place.textContent = word("full_size", { width, height });
    } catch (error) {
      // Without a connection the size stays unsaid, and is asked for again when the panel is opened.
      if (!(error instanceof NetError || error instanceof DOMException)) throw error;
    }
  }
}
