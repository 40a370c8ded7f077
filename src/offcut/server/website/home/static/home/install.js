// @ts-check
/** What an installed Offcut gets from its device: shared photos, opened files, a worker for when it is offline. */

import { photosOf } from "./picked.js";

const SHARED = "offcut-shared";

/** @typedef {import("./picked.js").Picked} Picked */

/**
 * @param {(picked: Picked) => void} take
 * @param {() => void} onLost the share did not arrive
 * @param {string} script the address of the service worker
 */
export async function install(take, onLost, script) {
  if ("launchQueue" in window) {
    /** @type {any} */ (window).launchQueue.setConsumer(async (/** @type {any} */ launch) => {
      if (!launch.files?.length) return;
      const files = await Promise.all(launch.files.map((/** @type {any} */ handle) => handle.getFile()));
      take(photosOf(files));
    });
  }
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register(script).catch(() => {});
  const asked = new URLSearchParams(location.search).get("shared");
  if (!asked) return;
  history.replaceState(null, "", location.pathname);
  if (asked === "lost") return;
  const picked = await shared();
  if (picked.files.length || picked.address) take(picked);
  else onLost();
}

/**
 * What the worker has put aside for this page; it is taken away at once.
 * @returns {Promise<Picked>}
 */
async function shared() {
  const cache = await caches.open(SHARED);
  const files = [];
  let address = "";
  for (const key of await cache.keys()) {
    const kept = await cache.match(key);
    await cache.delete(key);
    if (!kept) continue;
    const name = decodeURIComponent(kept.headers.get("X-Name") || "photo.jpg");
    const blob = await kept.blob();
    if (kept.headers.get("X-Kind") === "address") address = await blob.text();
    else files.push(new File([blob], name, { type: blob.type }));
  }
  return files.length ? photosOf(files) : { files: [], skipped: 0, address };
}
