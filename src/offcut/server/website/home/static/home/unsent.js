// @ts-check
/** The photos of a batch that the server does not have: remembered by name, in this browser. */

/**
 * A photo that was not sent; `reason` says why when it was refused.
 * @typedef {{name: string, size: number, upload: string, reason: string}} Unsent
 */

/**
 * @param {string} batch its id
 * @returns {Unsent[]}
 */
export function remembered(batch) {
  try {
    return JSON.parse(localStorage.getItem(key(batch)) || "[]");
  } catch {
    return [];
  }
}

/**
 * @param {string} batch its id
 * @param {Unsent[]} unsent
 */
export function remember(batch, unsent) {
  try {
    if (unsent.length) localStorage.setItem(key(batch), JSON.stringify(unsent));
    else localStorage.removeItem(key(batch));
  } catch {
    // A browser that keeps nothing for us: then a reload cannot name them.
  }
}

/**
 * Whether this file is the photo that was not sent.
 * @param {Unsent} unsent
 * @param {File} file
 */
export function isOf(unsent, file) {
  return unsent.name === file.name && unsent.size === file.size;
}

/** @param {string} batch */
function key(batch) {
  return `offcut-batch-${batch}`;
}
