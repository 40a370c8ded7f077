// @ts-check
/** The look that all photos of a batch get: between the form and the settings that the server keeps. */

/**
 * What the form says, as settings.
 * @param {HTMLFormElement} form
 */
export function settingsOf(form) {
  const kind = form.background.value;
  const colour = kind === "colour" ? form.colour.value : "#ffffff";
  /** @type {Record<string, any>} */
  const settings = { shadow: { kind: form.shadow.value } };
  settings.background = kind === "transparent" ? { kind } : { kind: "colour", colour };
  if (kind === "marketplace") settings.crop = { kind: "preset", preset: "marketplace" };
  return settings;
}

/**
 * Shows settings in the form.
 * @param {HTMLFormElement} form
 * @param {any} settings
 */
export function fillForm(form, settings) {
  if (!settings) return;
  const { kind, colour } = settings.background || { kind: "transparent" };
  if (kind === "colour") form.background.value = colour === "#ffffff" ? "white" : "colour";
  if (settings.crop?.preset === "marketplace") form.background.value = "marketplace";
  if (colour) form.colour.value = colour;
  if (settings.shadow?.kind) form.shadow.value = settings.shadow.kind;
}
