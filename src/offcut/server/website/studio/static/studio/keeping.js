// The settings on their way to the server: saved a moment after the last change, and again until it has worked.

import { NetError, request } from "./net.js";

const PAUSE_MS = 500;
const AGAIN_MS = 4000;

export class Keeping {
  /**
   * @param {string} url
   * @param {string} name under which unsaved settings are kept in this browser
   * @param {(news: import("./saving.js").News, message: string) => void} onNews
   */
  constructor(url, name, onNews) {
    this.url = url;
    this.name = name;
    this.onNews = onNews;
    /** @type {unknown} */
    this.unsaved = null;
    /** @type {number | undefined} */
    this.timer = undefined;
    addEventListener("online", () => this.soon(0));
    addEventListener("pagehide", () => this.save());
  }

  /** @returns {unknown} settings that an earlier visit could not save, or null */
  resume() {
    try {
      this.unsaved = JSON.parse(localStorage.getItem(this.name) ?? "null");
    } catch {
      this.unsaved = null;
    }
    if (this.unsaved) this.soon(0);
    return this.unsaved;
  }

  /** @param {unknown} settings */
  keep(settings) {
    this.unsaved = settings;
    this.store(JSON.stringify(settings));
    this.soon(PAUSE_MS);
  }

  /** @param {number} pause */
  soon(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  async save() {
    clearTimeout(this.timer);
    const settings = this.unsaved;
    if (!settings) return;
    this.onNews("saving", "");
    try {
      await request("PUT", this.url, { json: settings });
      if (this.unsaved !== settings) return;
      this.forget();
      this.onNews("saved", "");
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      if (error.kind === "away") this.soon(AGAIN_MS);
      else this.forget();
      this.onNews(error.kind, error.message);
    }
  }

  forget() {
    this.unsaved = null;
    this.store(null);
  }

  /** @param {string | null} text */
  store(text) {
    try {
      if (text === null) localStorage.removeItem(this.name);
      else localStorage.setItem(this.name, text);
    } catch {
      // Without storage the settings are still sent.
    }
  }
}
