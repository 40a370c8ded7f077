// The words of the page. They come translated from the server; none is written in a script.

/** @type {Record<string, string>} */
let words = {};

/** @param {Record<string, string>} given */
export function useWords(given) {
  words = given;
}

/**
 * The sentence of that name, with {name} filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function word(key, values = {}) {
  const sentence = words[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @type {number | undefined} */
let clearing;

/**
 * Says something to everybody: shown for a moment, and read out by screen readers.
 * @param {string} sentence
 * @param {{ lasting?: boolean, bad?: boolean }} [how]
 */
export function say(sentence, { lasting = false, bad = false } = {}) {
  const place = document.getElementById("status");
  if (!place) return;
  place.textContent = sentence;
  place.classList.toggle("bad", bad);
  place.classList.toggle("shown", sentence !== "");
  clearTimeout(clearing);
  if (!lasting) clearing = setTimeout(() => place.classList.remove("shown"), bad ? 9000 : 2600);
}
