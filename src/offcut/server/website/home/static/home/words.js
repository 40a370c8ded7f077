// @ts-check
/** Filling in sentences. The sentences themselves come with the page, in the person's language. */

/** @typedef {{one: string, other: string}} Counted */
/** @typedef {Record<string, any>} Words */

const language = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

/**
 * The data that the page carries in an element of this id, or null.
 * @param {string} id
 * @returns {any}
 */
export function given(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent || "null") : null;
}

/**
 * A sentence with its `{places}` filled in.
 * @param {string} sentence
 * @param {Record<string, string | number>} [values]
 */
export function filled(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => {
    const value = values[name];
    if (value === undefined) return place;
    return typeof value === "number" ? number.format(value) : value;
  });
}

/**
 * The form of a sentence that fits the count.
 * @param {Counted} forms
 * @param {number} n
 */
export function counted(forms, n) {
  return filled(plural.select(n) === "one" ? forms.one : forms.other, { n });
}

/**
 * A time in words, rounded up to what a person would say.
 * @param {Words} words
 * @param {number} seconds
 */
export function duration(words, seconds) {
  if (seconds < 60) return counted(words.seconds, Math.max(1, Math.ceil(seconds)));
  if (seconds < 90 * 60) return counted(words.minutes, Math.round(seconds / 60));
  if (seconds < 36 * 3600) return counted(words.hours, Math.round(seconds / 3600));
  return counted(words.days, Math.round(seconds / 86400));
}
