// @ts-check
/** The front page: every way in which a photo may come, and the result in the same place. */

import { Bulk } from "./bulk.js";
import { install } from "./install.js";
import { dropped, fromAddress, pasted, photosOf } from "./picked.js";
import { Result } from "./result.js";
import { Stage } from "./stage.js";
import { explained } from "./trouble.js";
import { filled, given } from "./words.js";

/** @typedef {import("./picked.js").Picked} Picked */

const words = given("batch-words");
const person = given("result-data");
const start = element("start");
const drop = /** @type {HTMLFormElement} */ (element("drop"));
const problem = element("problem");
const title = document.title;
const address = drop.action;

const result = new Result(element("result"), words, person, {
  onImage: (image) => history.pushState({ page: image.urls.page }, "", image.urls.page),
  onAnother: () => (back(), true),
});
/** @type {Bulk | null} */
let bulk = null;

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * One photo becomes a result, several become a batch.
 * @param {Picked} picked
 */
function take({ files, skipped, address: url }) {
  problem.hidden = true;
  if (url) return open(() => result.fromAddress(url, address));
  if (!files.length) return complain(words.no_photo, words.no_photo_hint);
  if (files.length === 1 && !skipped && !bulk) return open(() => result.fromFile(files[0], address));
  if (bulk && !element("batch").hidden) return bulk.add(files);
  result.leave();
  start.hidden = true;
  bulk = new Bulk(element("batch"), words, person, {
    upload: address,
    onBatch: (page) => history.pushState({ page }, "", page),
    onAnother: () => (location.assign(drop.dataset.home || "/"), true),
  });
  bulk.plan(files, skipped);
  scrollTo(0, 0);
}

/** @param {() => void} work */
function open(work) {
  start.hidden = true;
  scrollTo(0, 0);
  work();
}

/** The front page again, ready for the next photo. */
function back() {
  result.leave();
  start.hidden = false;
  document.title = title;
  if (history.state?.page) history.pushState(null, "", drop.dataset.home || "/");
  element("photo").focus();
}

/**
 * @param {string} message
 * @param {string} hint
 */
function complain(message, hint) {
  back();
  problem.replaceChildren(...explained({ message, hint }));
  problem.hidden = false;
  problem.focus();
}

// Choosing

for (const id of ["photo", "camera", "folder"]) {
  const input = /** @type {HTMLInputElement} */ (element(id));
  input.addEventListener("change", () => {
    if (input.files?.length) take(photosOf(input.files));
    input.value = "";
  });
}

drop.addEventListener("submit", (event) => {
  event.preventDefault();
  element("photo").click();
});

element("address").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (element("address-url"));
  const picked = fromAddress(input.value.trim());
  if (picked.address || picked.files.length) take(picked);
  else complain(words.not_an_address, words.not_an_address_hint);
});

for (const form of document.querySelectorAll("form[data-sample]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { sample = "", name = "" } = /** @type {HTMLElement} */ (form).dataset;
    try {
      const blob = await (await fetch(sample)).blob();
      take({ files: [new File([blob], name, { type: "image/jpeg" })], skipped: 0, address: "" });
    } catch {
      complain(words.offline_result, "");
    }
  });
}

// Dropping, anywhere on the page

let depth = 0;
const isWanted = (/** @type {DragEvent} */ event) =>
  [...(event.dataTransfer?.types || [])].some((type) => ["Files", "text/uri-list"].includes(type)) && !isOurs;
let isOurs = false;
addEventListener("dragstart", () => (isOurs = true));
addEventListener("dragend", () => (isOurs = false));
addEventListener("dragenter", (event) => {
  if (!isWanted(event)) return;
  depth += 1;
  document.documentElement.classList.add("is-over");
});
addEventListener("dragleave", (event) => {
  if (!isWanted(event)) return;
  depth = Math.max(0, depth - 1);
  if (!depth) document.documentElement.classList.remove("is-over");
});
addEventListener("dragover", (event) => {
  if (isWanted(event)) event.preventDefault();
});
addEventListener("drop", async (event) => {
  depth = 0;
  document.documentElement.classList.remove("is-over");
  if (!isWanted(event) || !event.dataTransfer) return;
  event.preventDefault();
  take(await dropped(event.dataTransfer));
});

// Pasting

addEventListener("paste", (event) => {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (!event.clipboardData || (isTyping && !event.clipboardData.files.length)) return;
  const picked = pasted(event.clipboardData);
  if (picked.files.length || picked.address) {
    event.preventDefault();
    take(picked);
  }
});

// Going back and forth

addEventListener("popstate", (event) => {
  if (event.state?.page) location.reload();
  else if (!element("batch").hidden) location.reload();
  else {
    result.leave();
    start.hidden = false;
  }
});

// The show of our samples

const show = new Stage(element("show"), (percent) => filled(words.wipe, { percent, rest: 100 - percent }));
for (const button of document.querySelectorAll("button[data-show]")) {
  button.addEventListener("click", () => {
    const { before = "", after = "" } = /** @type {HTMLElement} */ (button).dataset;
    show.before.src = before;
    /** @type {any} */ (show.after).src = after;
    show.set(50);
    for (const other of document.querySelectorAll("button[data-show]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}

install(take, () => complain(words.share_lost, ""), drop.dataset.worker || "");
document.documentElement.classList.add("is-ready");
