// @ts-check
/** Many photos at once: uploads a few at a time, follows the batch on the server, one ZIP at the end. */

import { changesOf, fillForm, merged } from "./batch_look.js";
import { Refusal, ask, persistently, preset, send } from "./exchange.js";
import { photosOf } from "./picked.js";
import { Tile } from "./tile.js";
import { explained, explanation, rowOfLinks } from "./trouble.js";
import { isOf, remember, remembered } from "./unsent.js";
import { counted, duration, filled } from "./words.js";

const AT_ONCE = 3;
const LOOK_MS = 1500;
const NAMES_SHOWN = 12;
/** For so long after the ZIP was asked for, or the last photo in it was paid, the page looks what it has cost. */
const PAYING_MS = 60_000;

/** @typedef {import("./result.js").Person & {sign_up: string, sign_in: string}} Person */
/** @typedef {import("./unsent.js").Unsent} Unsent */
/** @typedef {import("./batch_look.js").Settings} Settings */

export class Bulk {
  /**
   * @param {HTMLElement} root the element `#batch`
   * @param {Record<string, any>} words
   * @param {Person} person
   * @param {{upload?: string, onBatch?: (page: string) => void, onAnother?: () => boolean}} [options]
   */
  constructor(root, words, person, { upload = "", onBatch, onAnother } = {}) {
    this.root = root;
    this.words = words;
    this.person = person;
    this.upload = upload;
    this.onBatch = onBatch;
    this.onAnother = onAnother;
    /** @type {Tile[]} */
    this.tiles = [];
    this.batch = null;
    /** How all photos are to look, and how they looked when the page was opened. */
    this.settings = this.kept = /** @type {Settings} */ ({});
    /** @type {Settings[]} what was changed while the first photo was on its way */
    this.unsaved = [];
    /** @type {Unsent[]} */
    this.missing = [];
    this.stop = new AbortController();
    this.isOffline = false;
    this.timer = 0;
    this.payingUntil = 0;
    this.listen();
    setInterval(() => this.tick(), 5000);
  }

  listen() {
    this.root.addEventListener("click", (event) => this.clicked(event));
    this.part("settings").addEventListener("change", (event) => this.changed(event));
    this.part("settings").addEventListener("submit", (event) => event.preventDefault());
    this.part("zip").addEventListener("change", () => this.price());
    for (const name of ["more", "missing-input"]) {
      const input = /** @type {HTMLInputElement} */ (this.part(name));
      input.addEventListener("change", () => {
        const chosen = [...(input.files || [])];
        // Whoever is asked for 57 of 100 photos chooses all 100 again: the others are here already.
        this.add(name === "more" ? chosen : chosen.filter((file) => this.missing.some((one) => isOf(one, file))));
        input.value = "";
      });
    }
    this.part("zip").addEventListener("submit", () => this.pays());
    // Credits may have been got in another window.
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    window.addEventListener("beforeunload", (event) => {
      if (this.tiles.some((tile) => tile.isHere)) event.preventDefault();
    });
  }

  /**
   * Shows photos that were just chosen, what they cost, and waits for “Start”.
   * @param {File[]} files
   * @param {number} skipped files that are no photos
   */
  plan(files, skipped) {
    this.root.hidden = false;
    this.state("plan");
    this.showSettings(JSON.parse(preset().settings || "{}"));
    this.addTiles(files);
    this.skipped(skipped);
    this.show();
    this.part("title").focus({ preventScroll: true });
  }

  /**
   * Shows a batch that the server knows, and what it never got before a reload.
   * @param {any} batch its JSON
   */
  resume(batch) {
    this.root.hidden = false;
    this.batch = batch;
    this.upload = batch.urls.upload;
    this.state("running");
    const known = new Set(batch.images.map((/** @type {any} */ image) => image.upload));
    const unsent = remembered(batch.id).filter((one) => !known.has(one.upload));
    this.missing = unsent.filter((one) => !one.reason);
    for (const one of unsent.filter((each) => each.reason)) this.addTile(one.name, null, one.upload).fail(one.reason);
    this.showSettings(batch.settings || {});
    this.take(batch);
    this.look();
  }

  /** Sends what was chosen. */
  async start() {
    this.state("running");
    this.show();
    while (!this.batch && this.waitingTiles().length) await this.sendOne(this.waitingTiles()[0]);
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.sendAll()));
    if (this.batch) this.look();
    else this.state("plan");
    this.show();
  }

  leave() {
    this.stop.abort();
    clearTimeout(this.timer);
    for (const tile of this.tiles) tile.drop();
    this.tiles = [];
    this.root.hidden = true;
  }

  // Sending

  async sendAll() {
    for (let tile = this.waitingTiles()[0]; tile; tile = this.waitingTiles()[0]) await this.sendOne(tile);
  }

  waitingTiles() {
    return this.tiles.filter((tile) => tile.state === "chosen");
  }

  /** @param {Tile} tile */
  async sendOne(tile) {
    const { signal } = this.stop;
    tile.set("uploading", 0);
    try {
      const fields = { ...this.place(), upload: tile.upload, photo: /** @type {File} */ (tile.file) };
      const answer = await persistently(
        () => send(this.upload, fields, { signal, onProgress: (share) => this.sent(tile, share) }),
        { signal, onLost: () => this.lost(tile), onBusy: () => tile.set("waiting") },
      );
      if (!answer.images.length) throw new Refusal(400, answer.refused?.[0]?.error || {});
      this.born(answer.batch);
      tile.take(answer.images[0]);
    } catch (problem) {
      if (signal.aborted) return;
      const told = explanation(problem, this.words);
      tile.fail(`${told.message} ${told.hint}`.trim());
    }
    this.remember();
    this.show();
  }

  /** Where the next photo goes. The first brings the look; those after it get that of the batch. */
  place() {
    if (this.batch) return { batch: this.batch.id };
    this.unsaved = [];
    const isPlain = !Object.keys(this.settings).length;
    return { batch: "new", ...(!isPlain && { settings: JSON.stringify(this.settings) }) };
  }

  /**
   * @param {Tile} tile
   * @param {number} share
   */
  sent(tile, share) {
    this.isOffline = false;
    tile.set("uploading", share);
  }

  /** @param {Tile} tile */
  lost(tile) {
    this.isOffline = true;
    tile.set("lost");
    this.show();
  }

  /** @param {any} batch the first photo's answer names it */
  born(batch) {
    if (this.batch || !batch) return;
    const page = batch.urls?.page || batch.url;
    this.batch = { id: batch.id, urls: { page, ...batch.urls } };
    this.remember();
    this.onBatch?.(page);
    if (this.settings !== this.kept) this.part("settings-say").textContent = this.words.settings_kept;
    this.look();
    for (const changes of this.unsaved) this.save(changes);
  }

  /** @param {File[]} chosen */
  add(chosen) {
    const { files, skipped } = photosOf(chosen);
    for (const file of files) {
      const found = this.missing.find((one) => isOf(one, file));
      this.missing = this.missing.filter((one) => one !== found);
      this.addTile(file.name, file, found?.upload).observe();
    }
    this.skipped(skipped);
    this.remember();
    if (this.root.dataset.state === "plan") this.show();
    else this.start();
  }

  /** @param {File[]} files */
  addTiles(files) {
    for (const file of files) this.addTile(file.name, file).observe();
  }

  /**
   * @param {string} name
   * @param {File | null} file
   * @param {string} [upload]
   */
  addTile(name, file, upload) {
    const tile = new Tile(this.template(), this.words, name, file, upload);
    this.tiles.push(tile);
    this.part("tiles").append(tile.element);
    return tile;
  }

  // The server's view

  /** Asks the server how far it is, again and again until all is done. */
  async look() {
    clearTimeout(this.timer);
    const { signal } = this.stop;
    if (!this.batch || signal.aborted) return;
    try {
      const batch = await persistently(() => ask(this.batch.urls.page, { signal }), {
        signal,
        onLost: () => ((this.isOffline = true), this.show()),
      });
      this.isOffline = false;
      this.take(batch);
    } catch (problem) {
      if (signal.aborted) return;
      if (problem instanceof Refusal && [404, 410].includes(problem.status)) return this.expired();
      this.refuse(problem);
    }
    if (!this.isOver() || Date.now() < this.payingUntil) this.timer = window.setTimeout(() => this.look(), LOOK_MS + this.tiles.length * 5);
  }

  /** @param {any} batch */
  take(batch) {
    this.batch = batch;
    const unpaid = this.unpaid().length;
    if ("balance" in batch) this.person.balance = batch.balance;
    const known = new Map(this.tiles.filter((tile) => tile.image).map((tile) => [tile.image.id, tile]));
    for (const image of batch.images) {
      let tile = known.get(image.id);
      if (!tile) {
        // A photo that is on its way: its own answer will name it, unless another page has sent it.
        if (this.tiles.some((one) => one.isHere && one.upload === image.upload)) continue;
        tile = this.addTile(image.name, null);
      }
      tile.take(image);
    }
    if (this.payingUntil && this.unpaid().length < unpaid) this.pays();
    this.show();
  }

  /** The ZIP is being made: each photo is paid when it is put in. */
  pays() {
    if (/** @type {HTMLFormElement} */ (this.part("zip")).size.value !== "full") return;
    this.payingUntil = Date.now() + PAYING_MS;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.look(), LOOK_MS);
  }

  /** The photos whose full size costs a credit when it is fetched. */
  unpaid() {
    return this.tiles.filter((tile) => tile.state !== "failed" && !tile.image?.is_paid);
  }

  isOver() {
    return this.tiles.every((tile) => ["done", "failed"].includes(tile.state));
  }

  // What a person does

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target).closest("[data-action]");
    const action = target instanceof HTMLElement ? target.dataset.action : "";
    const tile = this.tiles.find((one) => one.element.contains(/** @type {Node} */ (event.target)));
    if (action) this.part("refusal").hidden = true;
    if (action === "start") this.start();
    if (action === "retry" && tile) this.retry([tile]);
    if (action === "retry-all") this.retry(this.tiles.filter((one) => one.state === "failed"));
    if (action === "remove" && tile) this.remove(tile);
    if (action === "forget") this.forget();
    if (action === "delete-all") this.deleteAll();
    if (action === "another" && this.onAnother?.()) event.preventDefault();
  }

  /** @param {Tile[]} tiles */
  async retry(tiles) {
    for (const tile of tiles) {
      if (!tile.image && !tile.file) continue;
      if (!tile.image) tile.set("chosen");
      else await ask(tile.image.urls.retry, { method: "POST" }).then((image) => tile.take(image), (problem) => this.refuse(problem));
    }
    if (this.waitingTiles().length) this.start();
    else this.look();
  }

  /** @param {Tile} tile */
  async remove(tile) {
    const { words } = this;
    if (tile.state === "done" && tile.image?.is_paid && !(await this.isSure(filled(words.ask_paid, { name: tile.name })))) return;
    try {
      if (tile.image) await ask(tile.image.urls.delete, { method: "POST" });
    } catch (problem) {
      return this.refuse(problem);
    }
    const next = tile.element.nextElementSibling || tile.element.previousElementSibling;
    tile.drop();
    this.tiles = this.tiles.filter((one) => one !== tile);
    /** @type {HTMLElement} */ (next?.querySelector("button:not([hidden])") || this.part("title")).focus();
    this.remember();
    this.show();
  }

  async deleteAll() {
    const { words } = this;
    const paid = this.tiles.filter((tile) => tile.image?.is_paid).length;
    const question = counted(words.ask_all, this.tiles.length);
    if (!(await this.isSure(paid ? `${question} ${counted(words.ask_all_paid, paid)}` : question))) return;
    try {
      await ask(this.batch.urls.delete, { method: "POST" });
    } catch (problem) {
      return this.refuse(problem);
    }
    this.forget();
    this.empty();
    this.part("say").textContent = words.deleted_all;
    this.part("title").focus({ preventScroll: true });
  }

  /**
   * Asks before something is deleted that cannot be had back.
   * @param {string} question
   * @returns {Promise<boolean>}
   */
  isSure(question) {
    const dialog = /** @type {HTMLDialogElement} */ (this.part("question"));
    this.part("question-say").textContent = question;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  forget() {
    this.missing = [];
    this.remember();
    this.show();
  }

  /** @param {Event} event */
  changed(event) {
    const { name } = /** @type {HTMLInputElement} */ (event.target);
    const changes = changesOf(this.form, name, this.settings, this.kept);
    this.settings = merged(this.settings, changes);
    this.showColour();
    this.part("refusal").hidden = true;
    this.save(changes);
  }

  /** @param {Settings} settings */
  showSettings(settings) {
    this.settings = this.kept = settings;
    fillForm(this.form, settings);
    this.showColour();
  }

  showColour() {
    this.part("colour-field").hidden = this.form.background.value !== "colour";
  }

  /** @param {Settings} changes what somebody has changed: all else about a photo stays as it is */
  async save(changes) {
    const address = this.batch?.urls?.settings;
    if (!address) return void this.unsaved.push(changes);
    try {
      await ask(address, { method: "PATCH", json: changes });
      this.part("settings-say").textContent = this.words.settings_kept;
      for (const tile of this.tiles) tile.refresh();
    } catch (problem) {
      this.refuse(problem);
    }
  }

  /** Notes in this browser what the server does not have. */
  remember() {
    if (!this.batch) return;
    const refused = (/** @type {Tile} */ tile) => tile.state === "failed" && !tile.image;
    const unsent = this.tiles.filter((tile) => tile.isHere || refused(tile)).map((tile) => (
      { name: tile.name, size: tile.file?.size ?? 0, upload: tile.upload, reason: refused(tile) ? tile.reason : "" }
    ));
    remember(this.batch.id, [...unsent, ...this.missing]);
  }

  // Showing

  /** Everything above the tiles, from what is known now. */
  show() {
    const { words } = this;
    const total = this.tiles.length;
    const done = this.tiles.filter((tile) => tile.state === "done").length;
    const failed = this.tiles.filter((tile) => tile.state === "failed").length;
    if (this.root.dataset.state !== "plan") this.state(total && this.isOver() ? "finished" : "running");
    this.part("title").textContent = counted(words.title, total);
    this.part("cost").textContent = this.cost();
    this.showProgress(total, done, failed);
    this.showMissing();
    this.tick();
    this.part("delete-all").hidden = !this.batch?.urls?.delete || this.tiles.some((tile) => tile.isHere);
    this.part("retry-all").hidden = this.root.dataset.state === "plan" || failed < 2;
    this.price();
  }

  /**
   * @param {number} total
   * @param {number} done
   * @param {number} failed
   */
  showProgress(total, done, failed) {
    const { words } = this;
    const bar = /** @type {HTMLProgressElement} */ (this.part("progress"));
    const state = this.root.dataset.state;
    bar.hidden = state !== "running";
    // A photo that is sent has come half of its way.
    const way = this.tiles.reduce((sum, tile) => sum + tile.way, 0);
    bar.value = total ? (way / total) * 100 : 0;
    let sentence = "";
    if (state === "running") {
      sentence = filled(failed ? words.progress_failed : words.progress, { done, total, failed });
      const left = this.batch?.seconds_left;
      if (left > 2) sentence += ` · ${filled(words.left, { time: duration(words, left) })}`;
    }
    if (state === "finished") sentence = failed ? counted(words.finished_failed, failed) : words.finished;
    if (this.isOffline) sentence = words.offline_batch;
    if (this.part("say").textContent !== sentence) this.part("say").textContent = sentence;
  }

  showMissing() {
    const count = this.missing.length;
    this.part("missing").hidden = !count;
    if (!count) return;
    this.part("missing-say").textContent = counted(this.words.missing, count);
    const names = this.missing.slice(0, NAMES_SHOWN).map((one) => {
      const line = document.createElement("li");
      line.textContent = one.name;
      return line;
    });
    if (count > NAMES_SHOWN) {
      const line = document.createElement("li");
      line.textContent = `+ ${count - NAMES_SHOWN}`;
      names.push(line);
    }
    this.part("missing-names").replaceChildren(...names);
  }

  cost() {
    const { words, person } = this;
    const unpaid = this.unpaid().length;
    const isPaidInPart = this.tiles.some((tile) => tile.image?.is_paid);
    const sentence = isPaidInPart && !unpaid ? words.zip_paid : counted(isPaidInPart ? words.cost_rest : words.cost, unpaid);
    return `${sentence} ${person.balance === null ? words.no_account : counted(words.balance, person.balance)}`;
  }

  /** Says what the ZIP charges, before it does; where that cannot be paid, what to do. */
  price() {
    const form = /** @type {HTMLFormElement} */ (this.part("zip"));
    if (this.batch?.urls?.zip) form.action = this.batch.urls.zip;
    const ready = this.tiles.some((tile) => tile.state === "done") && this.batch?.urls?.zip;
    const { sentence, links } = form.size.value === "full" ? this.offer() : { sentence: this.words.zip_free, links: [] };
    const button = /** @type {HTMLButtonElement} */ (this.part("zip-button"));
    button.disabled = !ready || links.length > 0 || this.tiles.some((tile) => tile.isHere);
    if (this.part("zip-say").textContent === sentence) return;
    this.part("zip-say").textContent = sentence;
    this.part("zip-links").replaceChildren(...rowOfLinks(links));
  }

  /**
   * What the full size of all that is ready costs now, and where to go if it cannot be paid.
   * @returns {{sentence: string, links: [string, string][]}}
   */
  offer() {
    const { words, person } = this;
    const price = this.unpaid().filter((tile) => tile.state === "done").length;
    if (!price) return { sentence: words.zip_paid, links: [] };
    if (person.balance === null) {
      const back = `?next=${encodeURIComponent(this.batch?.urls?.page || "/")}`;
      return { sentence: words.no_account, links: [[words.sign_up, person.sign_up + back], [words.sign_in, person.sign_in + back]] };
    }
    if (person.balance >= price) return { sentence: counted(words.zip_price, price), links: [] };
    const sentence = filled(counted(words.zip_short, price), { left: person.balance });
    return { sentence, links: words.credits_url ? [[words.get_credits, words.credits_url]] : [] };
  }

  /** @param {number} count */
  skipped(count) {
    this.part("skipped").hidden = !count;
    if (count) this.part("skipped").textContent = counted(this.words.skipped, count);
  }

  /** @param {unknown} problem */
  refuse(problem) {
    this.part("refusal").replaceChildren(...explained(explanation(problem, this.words)));
    this.part("refusal").hidden = false;
  }

  /** Says how long the photos are still kept, and lets go of those whose time is over. */
  tick() {
    if (!["running", "finished"].includes(this.root.dataset.state || "")) return;
    const ends = (/** @type {Tile} */ tile) => (tile.state === "done" ? Date.parse(tile.image.expires_at) : Infinity);
    const over = this.tiles.filter((tile) => ends(tile) <= Date.now());
    for (const tile of over) tile.drop();
    this.tiles = this.tiles.filter((tile) => !over.includes(tile));
    if (over.length && !this.tiles.length) return this.expired();
    if (over.length) return this.show();
    const left = (Math.min(...this.tiles.map(ends)) - Date.now()) / 1000;
    const sentence = Number.isFinite(left) ? filled(this.words.leaves_all, { time: duration(this.words, left) }) : "";
    this.part("leaves").textContent = sentence;
  }

  expired() {
    this.empty();
    this.part("refusal").replaceChildren(...explained({ message: this.words.expired_batch, hint: this.words.expired_hint }));
    this.part("refusal").hidden = false;
  }

  /** Nothing is left here. */
  empty() {
    this.stop.abort();
    clearTimeout(this.timer);
    for (const tile of this.tiles) tile.drop();
    this.tiles = [];
    this.part("delete-all").hidden = true;
    this.state("gone");
  }

  /** @param {string} state */
  state(state) {
    this.root.dataset.state = state;
    for (const element of this.root.querySelectorAll("[data-for]")) {
      /** @type {HTMLElement} */ (element).hidden = !element.getAttribute("data-for")?.split(" ").includes(state);
    }
    this.part("progress").hidden = state !== "running";
  }

  get form() {
    return /** @type {HTMLFormElement} */ (this.part("settings"));
  }

  template() {
    return /** @type {HTMLTemplateElement} */ (this.part("tile"));
  }

  /** @param {string} name */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }
}
