// @ts-check
/**
 * The slider of the price page: it sets the number, and the server works out the mix.
 * Without this script the form does the same by a button.
 */

const form = /** @type {HTMLFormElement} */ (document.getElementById("calculator"));
const slider = /** @type {HTMLInputElement} */ (document.getElementById("images-slider"));
const box = /** @type {HTMLInputElement} */ (document.getElementById("images"));
const mix = /** @type {HTMLElement} */ (document.getElementById("mix"));
const stops = /** @type {number[]} */ (kept("stops"));
const words = /** @type {{images: string, lost: string}} */ (kept("words"));

const PAUSE_MS = 150;
let timer = 0;
/** @type {AbortController | null} */
let running = null;

/**
 * What the page brings for this script.
 * @param {string} id of the element that holds it as JSON
 */
function kept(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}

/** The stop that is nearest to a number, by ratio.
 * @param {number} images */
function nearestStop(images) {
  const away = stops.map((stop) => Math.abs(Math.log(stop / Math.max(images, 1))));
  return away.indexOf(Math.min(...away));
}

/** @param {number} images */
function describe(images) {
  const count = images.toLocaleString(document.documentElement.lang);
  slider.setAttribute("aria-valuetext", words.images.replace("{count}", count));
}

/** Ask the server for the mix; a newer question drops an older one. */
async function workOut() {
  running?.abort();
  running = new AbortController();
  const query = new URLSearchParams({ images: box.value });
  try {
    const answer = await fetch(`${form.dataset.mix}?${query}`, { signal: running.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    // The server made this HTML for this place.
    mix.innerHTML = await answer.text();
    history.replaceState(null, "", `?${query}`);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") mix.textContent = words.lost;
  }
}

function workOutSoon() {
  clearTimeout(timer);
  timer = window.setTimeout(workOut, PAUSE_MS);
}

slider.max = String(stops.length - 1);
slider.value = String(nearestStop(Number(box.value)));
describe(Number(box.value));
/** @type {HTMLElement} */ (slider.closest(".slider")).hidden = false;
/** @type {HTMLElement} */ (document.getElementById("work-out")).hidden = true;

slider.addEventListener("input", () => {
  const images = stops[Number(slider.value)];
  box.value = String(images);
  describe(images);
  workOutSoon();
});
box.addEventListener("input", () => {
  if (!box.value) return;
  slider.value = String(nearestStop(Number(box.value)));
  describe(Number(box.value));
  workOutSoon();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  workOut();
});

export {};
