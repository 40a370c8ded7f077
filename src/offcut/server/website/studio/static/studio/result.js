// The server's preview of the result: exactly what a download would give, in small.

import { NetError, request } from "./net.js";

const PAUSE_MS = 220;

export class Result {
  /**
   * @param {string} url
   * @param {(image: HTMLImageElement, notes: string[]) => void} onImage with the codes of what was degraded
   * @param {(isBusy: boolean) => void} onBusy
   * @param {(error: NetError) => void} onTrouble
   */
  constructor(url, onImage, onBusy, onTrouble) {
    this.url = url;
    this.onImage = onImage;
    this.onBusy = onBusy;
    this.onTrouble = onTrouble;
    this.isWanted = false;
    this.isOld = true;
    /** @type {unknown} */
    this.settings = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    /** @type {AbortController | null} */
    this.running = null;
    this.address = "";
  }

  /** @param {boolean} isWanted whether somebody looks at it */
  want(isWanted) {
    this.isWanted = isWanted;
    if (isWanted && this.isOld) this.soon(0);
  }

  /** @param {unknown} settings */
  use(settings) {
    this.settings = settings;
    this.outdate();
  }

  /** The matte or the settings have changed. */
  outdate() {
    this.isOld = true;
    if (this.isWanted) this.soon(PAUSE_MS);
  }

  /** @param {number} pause */
  soon(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), pause);
  }

  async fetch() {
    this.running?.abort();
    const mine = (this.running = new AbortController());
    this.onBusy(true);
    try {
      const url = new URL(this.url, location.href);
      if (this.settings) url.searchParams.set("settings", JSON.stringify(this.settings));
      const response = await request("GET", url.href, { signal: mine.signal });
      const address = URL.createObjectURL(await response.blob());
      const image = new Image();
      image.src = address;
      await image.decode();
      if (mine.signal.aborted) return URL.revokeObjectURL(address);
      if (this.address) URL.revokeObjectURL(this.address);
      this.address = address;
      this.isOld = false;
      const notes = (response.headers.get("X-Notes") ?? "").split(" ").filter(Boolean);
      this.onImage(image, notes);
    } catch (error) {
      if (error instanceof NetError) this.onTrouble(error);
      else if (!(error instanceof DOMException)) throw error;
    } finally {
      if (this.running === mine) {
        this.running = null;
        this.onBusy(false);
      }
    }
  }
}
