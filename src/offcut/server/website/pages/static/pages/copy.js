// @ts-check
/**
 * A button at every piece of code that copies it. Without this script there is no button, and the code can
 * be selected as any text.
 */

const told = /** @type {HTMLTemplateElement} */ (document.getElementById("copy-words")).dataset;
const words = { copy: told.copy ?? "", copied: told.copied ?? "", icons: told.icons ?? "" };
const SAID_MS = 2000;

/** @param {string} name An icon of the sprite. */
function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${words.icons}#${name}`);
  drawing.append(use);
  return { drawing, use };
}

/** @param {HTMLElement} place A `.code` element: a `pre` with the text to copy. */
function addCopyButton(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button plain copy";
  button.title = words.copy;
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.setAttribute("aria-live", "polite");
  said.textContent = words.copy;
  const { drawing, use } = icon("copy");
  button.append(drawing, said);
  const show = (/** @type {string} */ name, /** @type {string} */ text) => {
    use.setAttribute("href", `${words.icons}#${name}`);
    said.textContent = text;
  };
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(place.querySelector("pre")?.textContent ?? "");
    show("check", words.copied);
    setTimeout(() => show("copy", words.copy), SAID_MS);
  });
  place.prepend(button);
}

// Without a secure address browsers offer no clipboard.
if (navigator.clipboard) {
  for (const place of document.querySelectorAll(".code")) addCopyButton(/** @type {HTMLElement} */ (place));
}

export {};
