/**
 * A button at every piece of code that copies it. Without this script there is no button, and the code can
 * be selected as any text.
 */

const words = /** @type {HTMLTemplateElement} */ (document.getElementById("copy-words")).dataset;
const SAID_MS = 2000;

/** @param {HTMLElement} place A `.code` element: a `pre` with the text to copy. */
export function addCopyButton(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button plain copy";
  const said = document.createElement("span");
  said.setAttribute("aria-live", "polite");
  said.textContent = words.copy;
  button.append(said);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(place.querySelector("pre").textContent);
    said.textContent = words.copied;
    setTimeout(() => { said.textContent = words.copy; }, SAID_MS);
  });
  place.prepend(button);
}

// Without a secure address browsers offer no clipboard.
if (navigator.clipboard) {
  for (const place of document.querySelectorAll(".code")) addCopyButton(/** @type {HTMLElement} */ (place));
}
