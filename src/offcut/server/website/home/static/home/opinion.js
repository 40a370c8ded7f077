// @ts-check
/** After a result: was it good, and may the photo be kept to make the cut-outs better? */

import { ask } from "./exchange.js";

export class Opinion {
  /**
   * @param {HTMLElement} root the element that holds the questions
   * @param {Record<string, any>} words
   * @param {(work: () => Promise<void>) => Promise<void>} guarded does something and says when it fails
   */
  constructor(root, words, guarded) {
    this.root = root;
    this.words = words;
    this.guarded = guarded;
    /** @type {any} */
    this.image = null;
    this.part("contribution").addEventListener("submit", (event) => this.contribute(event));
  }

  /** Nothing is asked, and nothing has been said. */
  clear() {
    for (const name of ["contribution", "given"]) this.part(name).hidden = true;
    this.part("rated").textContent = "";
  }

  /**
   * Asks about an image, unless it was rated before.
   * @param {any} image its JSON
   */
  offer(image) {
    this.image = image;
    this.part("rating").hidden = image.is_rated || !image.urls.rating;
  }

  /**
   * @param {string} action what was clicked
   */
  clicked(action) {
    if (action === "good" || action === "bad") this.rate(action);
    if (action === "take-back") this.choose("no");
  }

  /** @param {string} rating */
  async rate(rating) {
    const form = new FormData();
    form.append("rating", rating);
    await this.guarded(async () => {
      const told = await ask(this.image.urls.rating, { method: "POST", form });
      this.part("rating").hidden = true;
      this.part("rated").textContent = told.is_contributed ? this.words.contribution_yes : this.words.thanks;
      this.part("given").hidden = !told.is_contributed;
      if (rating === "bad" && !told.remembered_choice && !told.is_contributed) {
        const question = this.part("contribution");
        question.hidden = false;
        question.querySelector("input")?.focus();
      }
    });
  }

  /** @param {SubmitEvent} event */
  async contribute(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const choice = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "no";
    await this.choose(choice, new FormData(form));
  }

  /**
   * Gives the photo, or not, or takes it back.
   * @param {string} choice
   * @param {FormData} [form]
   */
  async choose(choice, form = new FormData()) {
    form.set("choice", choice);
    await this.guarded(async () => {
      const told = await ask(this.image.urls.contribution, { method: "POST", form });
      this.part("contribution").hidden = true;
      this.part("given").hidden = !told.is_contributed;
      this.part("rated").textContent = this.words[told.is_contributed ? "contribution_yes" : "contribution_no"];
    });
  }

  /** @param {string} name */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }
}
