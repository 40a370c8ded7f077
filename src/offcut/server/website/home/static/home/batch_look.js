// @ts-check
/** The look that all photos of a batch get: between the form and the settings that the server keeps. */

/**
 * Settings as the server keeps them, or changes to them.
 * @typedef {Record<string, any>} Settings
 */

const WHITE = "#ffffff";
const MARKETPLACE_MARGIN = "8%";

/** The parts that a choice of background may change. */
const PARTS = ["background", "crop", "scale", "position"];

/**
 * The option of the form that says what the background is; “kept” for a look that only the studio can make.
 * @param {Settings} settings
 */
function optionOf({ background, crop, scale, position, outline }) {
  const kind = background?.kind || "transparent";
  const isWhite = kind === "colour" && (background.colour || WHITE).toLowerCase() === WHITE;
  if (!["transparent", "colour"].includes(kind) || scale || position || outline?.width) return "kept";
  if (isMarketplace(crop)) {
    const isPlain = !crop.margin || crop.margin === MARKETPLACE_MARGIN;
    return isPlain && (isWhite || !background) ? "marketplace" : "kept";
  }
  if ((crop?.kind || "original") !== "original") return "kept";
  return isWhite ? "white" : kind;
}

/** @param {any} crop */
function isMarketplace(crop) {
  return crop?.kind === "preset" && crop.preset === "marketplace";
}

/**
 * What has to change in settings because a field of the form has changed; null: the part goes.
 * @param {HTMLFormElement} form
 * @param {string} name of the field
 * @param {Settings} now
 * @param {Settings} kept the settings for which “kept” stands
 * @returns {Settings}
 */
export function changesOf(form, name, now, kept) {
  if (name === "shadow") return { shadow: { kind: form.shadow.value } };
  const kind = form.background.value;
  if (kind === "kept") return Object.fromEntries(PARTS.map((part) => [part, kept[part] ?? null]));
  const colour = kind === "colour" ? form.colour.value : WHITE;
  const background = kind === "transparent" ? { kind } : { kind: "colour", colour };
  if (kind === "marketplace") return { background, crop: { kind: "preset", preset: "marketplace", margin: null } };
  // That canvas stands in the name of what is left: it goes with it.
  return isMarketplace(now.crop) ? { background, crop: null, scale: null, position: null } : { background };
}

/**
 * Settings with changes: what is not named stays. The server does the same (RFC 7396).
 * @param {Settings} settings
 * @param {Settings} changes
 * @returns {Settings}
 */
export function merged(settings, changes) {
  const whole = { ...settings };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete whole[name];
    else if (typeof value !== "object" || Array.isArray(value)) whole[name] = value;
    else whole[name] = merged(typeof whole[name] === "object" ? whole[name] : {}, value);
  }
  return whole;
}

/**
 * Shows settings in the form.
 * @param {HTMLFormElement} form
 * @param {Settings} settings
 */
export function fillForm(form, settings) {
  const option = optionOf(settings);
  const kept = /** @type {HTMLOptionElement} */ (form.querySelector("option[value=kept]"));
  kept.hidden = kept.disabled = option !== "kept";
  form.background.value = option;
  if (settings.background?.colour) form.colour.value = settings.background.colour;
  form.shadow.value = settings.shadow?.kind || "none";
}
