// @ts-check
/** What went wrong and what to do about it, for a person. */

import { Lost, Refusal } from "./exchange.js";

/**
 * What happened and what to do, for a person.
 * @param {unknown} problem
 * @param {Record<string, any>} words
 * @returns {{message: string, hint: string, links: [string, string][]}}
 */
export function explanation(problem, words) {
  if (problem instanceof Lost) return { message: words.offline_deed, hint: "", links: [] };
  if (problem instanceof Refusal && problem.code === "stale") {
    return { message: words.stale, hint: words.stale_hint, links: [] };
  }
  if (!(problem instanceof Refusal)) return { message: words.unknown, hint: words.unknown_hint, links: [] };
  const { told } = problem;
  /** @type {[string, string][]} */
  const links = [];
  if (told.sign_up) links.push([words.sign_up, told.sign_up]);
  if (told.sign_in) links.push([words.sign_in, told.sign_in]);
  if (problem.status === 402 && words.credits_url) links.push([words.get_credits, words.credits_url]);
  if (told.url) links.push([told.action || words.more, told.url]);
  return { message: problem.message || words.unknown, hint: problem.hint || (problem.message ? "" : words.unknown_hint), links };
}

/**
 * An explanation as elements.
 * @param {{message: string, hint: string, links?: [string, string][]}} told
 * @returns {HTMLElement[]}
 */
export function explained({ message, hint, links = [] }) {
  const parts = [];
  const sentence = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = message;
  sentence.append(strong, hint ? ` ${hint}` : "");
  parts.push(sentence);
  return [...parts, ...rowOfLinks(links)];
}

/**
 * Where to go from here, as a row of buttons; nothing when there is nowhere.
 * @param {[string, string][]} links
 * @returns {HTMLElement[]}
 */
export function rowOfLinks(links) {
  if (!links.length) return [];
  const row = document.createElement("p");
  row.className = "actions";
  links.forEach(([text, address], index) => {
    const link = document.createElement("a");
    link.href = address;
    link.textContent = text;
    link.className = index ? "button outline" : "button";
    row.append(link);
  });
  return [row];
}
