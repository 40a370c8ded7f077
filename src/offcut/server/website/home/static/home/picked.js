// @ts-check
/** What somebody drops, pastes or chooses, as files and addresses. */

const PHOTO_NAME = /\.(jpe?g|jpe|jfif|png|webp|hei[cf]|avif|tiff?|bmp|gif)$/i;

/** @typedef {{files: File[], skipped: number, address: string}} Picked */

/**
 * The photos among files; hidden files do not count as skipped.
 * @param {Iterable<File>} all
 * @returns {Picked}
 */
export function photosOf(all) {
  const files = [];
  let skipped = 0;
  for (const file of all) {
    if (file.name.startsWith(".")) continue;
    if (file.type.startsWith("image/") ? file.type !== "image/svg+xml" : PHOTO_NAME.test(file.name)) files.push(file);
    else skipped += 1;
  }
  return { files, skipped, address: "" };
}

/**
 * What was dropped: files, everything in folders, or the address of a picture of another page.
 * @param {DataTransfer} data
 * @returns {Promise<Picked>}
 */
export async function dropped(data) {
  // All of this has to be read before the first wait: afterwards the browser has emptied it.
  const address = addressIn(data.getData("text/uri-list") || data.getData("text/plain"));
  const plain = [...data.files];
  const entries = [...data.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  if (entries.some((entry) => entry?.isDirectory)) {
    const lists = await Promise.all(entries.map((entry) => (entry ? walked(entry) : [])));
    return photosOf(lists.flat());
  }
  if (plain.length) return photosOf(plain);
  return fromAddress(address);
}

/**
 * What was pasted: pictures, else an address.
 * @param {DataTransfer} data
 * @returns {Picked}
 */
export function pasted(data) {
  if (data.files.length) return photosOf(data.files);
  return fromAddress(addressIn(data.getData("text/plain")));
}

/**
 * An address as something picked: `data:` becomes a file here and now.
 * @param {string} address
 * @returns {Picked}
 */
export function fromAddress(address) {
  const file = address.startsWith("data:") ? unpacked(address) : null;
  if (file) return { files: [file], skipped: 0, address: "" };
  return { files: [], skipped: 0, address: /^https?:/i.test(address) ? address : "" };
}

/** @param {string} text */
function addressIn(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.find((line) => /^(https?:\/\/\S+|data:image\/\S+)$/i.test(line)) || "";
}

/**
 * Everything in a folder, in the order of names.
 * @param {any} entry a FileSystemEntry
 * @returns {Promise<File[]>}
 */
async function walked(entry) {
  if (entry.isFile) {
    return new Promise((resolve) => entry.file((/** @type {File} */ file) => resolve([file]), () => resolve([])));
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    // A reader gives at most a hundred at a time, and nothing at the end.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) break;
    inside.push(...some);
  }
  inside.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  const lists = [];
  for (const one of inside) lists.push(await walked(one));
  return lists.flat();
}

/** @param {string} address */
function unpacked(address) {
  const match = /^data:(image\/([\w+.-]+));base64,(.+)$/i.exec(address);
  if (!match) return null;
  try {
    const bytes = Uint8Array.from(atob(match[3]), (letter) => letter.charCodeAt(0));
    return new File([bytes], `photo.${match[2].replace("jpeg", "jpg")}`, { type: match[1] });
  } catch {
    return null;
  }
}
