// @ts-check
/** The result of one photo: from the choice to the download, whatever happens in between. */

import { Lost, Refusal, ask, file, persistently, picture, preset, send, tryNow, uploadId } from "./exchange.js";
import { Opinion } from "./opinion.js";
import { Stage } from "./stage.js";
import { explained, explanation } from "./trouble.js";
import { counted, duration, filled } from "./words.js";

const PREVIEW_PIXELS = 250_000;
const ZONE = 1024 * 1024;

/**
 * @typedef {{size_max: number, signed_in: boolean, balance: number | null, retention_s: number}} Person
 * @typedef {{onImage?: (image: any) => void, onAnother?: () => boolean}} Listener
 */

export class Result {
  /**
   * @param {HTMLElement} root the element `#result`
   * @param {Record<string, any>} words
   * @param {Person} person
   * @param {Listener} [listener]
   */
  constructor(root, words, person, listener = {}) {
    this.root = root;
    this.words = words;
    this.person = person;
    this.listener = listener;
    this.image = null;
    this.stop = new AbortController();
    /** @type {(() => Promise<void>) | null} */
    this.again = null;
    /** @type {Refusal | null} what of the stored look is no more */
    this.missing = null;
    this.stage = new Stage(this.part("stage"), (percent) =>
      filled(words.wipe, { percent, rest: 100 - percent }),
    );
    root.addEventListener("click", (event) => this.clicked(event));
    this.part("full-form").addEventListener("submit", (event) => this.downloadFull(event));
    this.opinion = new Opinion(root, words, (work) => this.aside(work));
    setInterval(() => this.tick(), 5000);
  }

  /**
   * A photo of this device: shown at once, uploaded, cut out.
   * @param {File} photo
   * @param {string} address where photos are sent
   */
  async fromFile(photo, address) {
    this.begin(photo.name);
    const shown = this.stage.showLocal(photo);
    if (photo.size > this.person.size_max) {
      const size = Math.floor(this.person.size_max / ZONE);
      return this.fail({ message: filled(this.words.too_large, { size }), hint: this.words.too_large_hint });
    }
    await this.deliver(address, { photo }, (share) => {
      this.say(filled(this.words.uploading, { percent: Math.floor(share * 100) }));
      this.progress(share);
    });
    await shown;
  }

  /**
   * A photo of the web.
   * @param {string} url
   * @param {string} address where photos are sent
   */
  async fromAddress(url, address) {
    this.begin("");
    this.stage.clear();
    await this.deliver(address, { url }, () => this.say(this.words.fetching));
  }

  /**
   * An image that the server has already.
   * @param {any} image its JSON
   */
  async fromImage(image) {
    this.begin(image.name);
    this.stage.clear();
    await this.follow(image);
  }

  /** Gives up what is under way, without a word. */
  leave() {
    this.stop.abort();
    this.image = null;
    this.root.hidden = true;
    this.stage.clear();
  }

  // Steps

  /** @param {string} name */
  begin(name) {
    this.stop.abort();
    this.stop = new AbortController();
    this.again = null;
    this.image = null;
    this.root.hidden = false;
    this.part("name").textContent = name;
    this.part("refusal").hidden = true;
    this.part("said").textContent = "";
    this.opinion.clear();
    this.state("reading", this.words.title_working, this.words.reading);
    this.focusTitle();
  }

  /**
   * @param {string} address
   * @param {Record<string, string | Blob>} fields
   * @param {(share: number) => void} onProgress
   */
  async deliver(address, fields, onProgress) {
    const { signal } = this.stop;
    const upload = uploadId();
    const attempt = async () => {
      this.state("uploading", this.words.title_working, "");
      onProgress(0);
      const going = (/** @type {number} */ share) => {
        if (this.root.dataset.state === "lost") this.state("uploading", this.words.title_working, "");
        onProgress(share);
      };
      const answer = await persistently(
        () => send(address, { ...preset(), ...fields, upload }, { onProgress: going, signal }),
        { signal, onLost: () => this.state("lost", this.words.title_working, this.words.offline) },
      );
      const image = answer.images[0];
      if (!image) throw new Refusal(400, answer.refused?.[0]?.error || {});
      this.listener.onImage?.(image);
      await this.follow(image);
    };
    this.again = () => this.guarded(attempt, signal);
    await this.again();
  }

  /**
   * Waits for the server, shows the cut-out.
   * @param {any} image
   */
  async follow(image) {
    const { signal } = this.stop;
    const address = image.urls.page;
    const attempt = async () => {
      while (["waiting", "working"].includes(image.state)) {
        this.coming(image);
        image = await persistently(() => ask(`${address}?wait=10`, { signal }), {
          signal,
          onLost: () => this.state("lost", this.words.title_working, this.words.offline_result),
        });
      }
      this.image = image;
      if (image.state === "failed") throw new Refusal(422, image.error || {});
      await this.present(image, signal);
    };
    this.again = async () => {
      if (image.state === "failed") {
        image = await ask(image.urls.retry, { method: "POST", signal });
      }
      await this.guarded(attempt, signal);
    };
    await this.guarded(attempt, signal);
  }

  /** @param {any} image */
  coming(image) {
    const sentence = this.words[image.state];
    const timed = image.seconds_left > 2 ? this.words[`${image.state}_s`] : "";
    const time = duration(this.words, image.seconds_left || 0);
    this.state(image.state, this.words.title_working, timed ? filled(timed, { time }) : sentence);
    this.progress(null);
    if (this.stage.before.hidden) this.stage.frame(image);
  }

  /**
   * @param {any} image
   * @param {AbortSignal} signal
   */
  async present(image, signal) {
    const original = this.stage.showOriginal(image.urls.original, image.screen);
    const size = await persistently(() => this.picture(image, signal), {
      signal,
      onLost: () => this.state("lost", this.words.title_working, this.words.offline_result),
    });
    if (signal.aborted) return;
    this.offers(image, size);
    this.state("done", this.words.title_done, this.words.done);
    const { missing } = this;
    if (missing) await this.aside(() => Promise.reject(missing));
    await original;
    this.stage.reveal();
    this.tick();
  }

  /**
   * Shows what a download gives: the cut-out, sharper than its preview, or the preview of a result that is more.
   * @param {any} image
   * @param {AbortSignal} signal
   * @returns {Promise<{width: number, height: number}>} the preview's size
   */
  async picture({ urls, screen, width, height, result }, signal) {
    this.missing = null;
    try {
      if (!result.is_plain) return await this.stage.showResult(await picture(urls.preview, signal));
    } catch (problem) {
      if (!(problem instanceof Refusal) || problem.code !== "background_gone") throw problem;
      // The cut-out is still there, and so is the studio, where another background can be chosen.
      this.missing = problem;
    }
    await this.stage.showCutout(urls.colours, urls.matte, screen).catch(() => this.whyNot(urls.page));
    const scale = Math.min(1, Math.sqrt(PREVIEW_PIXELS / (width * height)));
    return { width: Math.round(width * scale), height: Math.round(height * scale) };
  }

  /**
   * A picture did not come. The server says why, or the network is gone.
   * @param {string} page
   */
  async whyNot(page) {
    await ask(page);
    throw new Lost();
  }

  /**
   * @param {any} image
   * @param {{width: number, height: number}} size the preview's
   */
  offers(image, size) {
    const { words } = this;
    const { width, height } = image.result;
    this.part("name").textContent = image.name;
    this.part("full-size").textContent = filled(words.pixels, { width, height });
    this.part("preview-size").textContent = filled(words.pixels, size);
    this.part("price").textContent = image.is_paid ? words.paid : counted(words.price, 1);
    this.link("preview", image.urls.download && `${image.urls.download}?size=preview&format=png`);
    this.link("studio", image.urls.studio);
    this.part("studio-says").hidden = !image.urls.studio;
    this.part("account").textContent = image.is_paid ? "" : this.account();
    const form = /** @type {HTMLFormElement} */ (this.part("full-form"));
    form.action = image.urls.download;
    this.opinion.offer(image);
  }

  account() {
    const { signed_in, balance } = this.person;
    if (!signed_in) return this.words.account_needed;
    return balance === null ? "" : counted(this.words.balance, balance);
  }

  // What a person does

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target).closest("[data-action]");
    const action = target instanceof HTMLElement ? target.dataset.action : "";
    if (action === "cancel") this.cancel();
    if (action === "retry") this.retry();
    if (action === "delete") this.remove();
    this.opinion.clicked(action ?? "");
    if (action === "another" && this.listener.onAnother?.()) event.preventDefault();
  }

  cancel() {
    const image = this.image;
    this.stop.abort();
    if (image) ask(image.urls.delete, { method: "POST" }).catch(() => {});
    this.state("gone", this.words.title_gone, this.words.cancelled);
    this.stage.clear();
    this.focusTitle();
  }

  retry() {
    if (this.root.dataset.state === "lost") return tryNow();
    this.again?.();
  }

  async remove() {
    await this.guarded(async () => {
      await ask(this.image.urls.delete, { method: "POST" });
      this.gone(this.words.deleted, "");
    });
  }

  /** @param {SubmitEvent} event */
  async downloadFull(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement} */ (this.part("full"));
    button.disabled = true;
    this.part("said").textContent = this.words.downloading;
    await this.aside(async () => {
      const { blob, name } = await file(form.action, new FormData(form));
      save(blob, name);
      if (!this.image.is_paid && this.person.balance !== null) this.person.balance -= 1;
      this.image.is_paid = true;
      this.part("price").textContent = this.words.paid;
      this.part("account").textContent = "";
      this.part("said").textContent = this.words.downloaded;
    });
    button.disabled = false;
  }

  // Showing

  /**
   * Does something beside the result: trouble is said below the button, and the result stays.
   * @param {() => Promise<void>} work
   */
  async aside(work) {
    const box = this.part("refusal");
    box.hidden = true;
    try {
      await work();
    } catch (problem) {
      this.part("said").textContent = "";
      if (isOver(problem)) return this.gone(this.words.expired, this.words.expired_hint);
      const told = this.told(problem);
      box.replaceChildren(...explained(told));
      box.hidden = false;
    }
  }

  /**
   * Does what the result depends on: trouble takes its place.
   * @param {() => Promise<void>} work
   * @param {AbortSignal} [signal]
   */
  async guarded(work, signal) {
    try {
      await work();
    } catch (problem) {
      if (signal?.aborted) return;
      if (isOver(problem)) {
        const isDeleted = problem.code === "image_deleted";
        return this.gone(isDeleted ? this.words.deleted : this.words.expired, this.words.expired_hint);
      }
      this.fail(this.told(problem));
    }
  }

  /**
   * @param {unknown} problem
   * @returns {{message: string, hint: string, links?: [string, string][]}}
   */
  told(problem) {
    return explanation(problem, this.words);
  }

  /** @param {{message: string, hint: string}} told */
  fail({ message, hint }) {
    this.state("failed", this.words.title_failed, message, hint);
    this.part("again").hidden = !this.again;
    this.focusTitle();
  }

  /**
   * @param {string} message
   * @param {string} hint
   */
  gone(message, hint) {
    this.stop.abort();
    this.image = null;
    this.stage.clear();
    this.state("gone", this.words.title_gone, message, hint);
    this.focusTitle();
  }

  /**
   * @param {string} state
   * @param {string} title
   * @param {string} sentence
   * @param {string} [hint]
   */
  state(state, title, sentence, hint = "") {
    this.root.dataset.state = state;
    for (const element of this.root.querySelectorAll("[data-for]")) {
      /** @type {HTMLElement} */ (element).hidden = !element.getAttribute("data-for")?.split(" ").includes(state);
    }
    this.part("title").textContent = title;
    this.say(sentence);
    this.part("hint").textContent = hint;
    this.part("progress").hidden = !["uploading", "waiting", "working"].includes(state);
  }

  /** @param {string} sentence */
  say(sentence) {
    const place = this.part("say");
    if (place.textContent !== sentence) place.textContent = sentence;
  }

  /** @param {number | null} share null when nobody knows */
  progress(share) {
    const bar = /** @type {HTMLProgressElement} */ (this.part("progress"));
    if (share === null) bar.removeAttribute("value");
    else bar.value = share * 100;
  }

  /** Says how long the image is still kept, and notices when it is over. */
  tick() {
    if (!this.image?.expires_at || this.root.dataset.state !== "done") return;
    const left = (Date.parse(this.image.expires_at) - Date.now()) / 1000;
    if (left <= 0) return this.gone(this.words.expired, this.words.expired_hint);
    this.part("leaves").textContent = filled(this.words.leaves, { time: duration(this.words, left) });
  }

  focusTitle() {
    this.part("title").focus({ preventScroll: true });
    this.root.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {string} name
   * @param {string} address
   */
  link(name, address) {
    const element = /** @type {HTMLAnchorElement} */ (this.part(name));
    element.hidden = !address;
    if (address) element.href = address;
  }

  /** @param {string} name */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }
}

/**
 * Whether the image is no more. (A background that is no more leaves the image.)
 * @param {unknown} problem
 * @returns {problem is Refusal}
 */
function isOver(problem) {
  return problem instanceof Refusal && problem.status === 410 && problem.code !== "background_gone";
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
