// @ts-check
/// <reference lib="webworker" />
/**
 * The service worker: keeps the offline page and its styles, takes what the device shares, and nothing else.
 * Photos and pages of people are never kept here. `self.OFFCUT` stands before this text.
 */

const worker = /** @type {any} */ (self);
const { pages, language, share, static: statics, kept, version } = worker.OFFCUT;
const KEPT = `offcut-kept-${version}`;
const SHARED = "offcut-shared";

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(keep().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(tidy().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin) return;
  if (request.method === "POST" && url.pathname === share) return event.respondWith(put(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") return event.respondWith(fetch(request).catch(() => offline(url)));
  if (url.pathname.startsWith(statics)) return event.respondWith(fetch(request).catch(() => ours(request)));
});

async function keep() {
  const cache = await caches.open(KEPT);
  const offlines = Object.values(pages).map((/** @type {any} */ page) => page.offline);
  // Without cookies: what is kept is the page of nobody in particular.
  const wanted = [...offlines, ...kept].map((address) => new Request(address, { credentials: "omit", cache: "reload" }));
  await cache.addAll(wanted);
}

async function tidy() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("offcut-kept-") && name !== KEPT);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** @param {Request} request */
async function ours(request) {
  return (await (await caches.open(KEPT)).match(request)) || Response.error();
}

/** @param {URL} url */
async function offline(url) {
  const [, first] = url.pathname.split("/");
  const page = pages[first in pages ? first : language];
  return (await (await caches.open(KEPT)).match(page.offline)) || Response.error();
}

/**
 * Puts shared photos aside, for the front page to upload as if they were chosen there: with its token.
 * A form of another website could get here, too; all it gains is a free preview that only this person sees.
 * @param {Request} request
 */
async function put(request) {
  const known = worker.navigator.language.slice(0, 2);
  const { home } = pages[known in pages ? known : language];
  try {
    const form = await request.formData();
    const cache = await caches.open(SHARED);
    for (const key of await cache.keys()) await cache.delete(key);
    const photos = form.getAll("photo").filter((one) => typeof one !== "string");
    for (const [index, photo] of photos.entries()) {
      const headers = { "Content-Type": photo.type, "X-Name": encodeURIComponent(photo.name), "X-Kind": "photo" };
      await cache.put(`/shared/${index}`, new Response(photo, { headers }));
    }
    const text = `${form.get("url") || ""} ${form.get("text") || ""}`;
    const address = /https?:\/\/\S+/i.exec(text);
    if (!photos.length && address) {
      await cache.put("/shared/address", new Response(address[0], { headers: { "X-Kind": "address" } }));
    }
  } catch {
    return Response.redirect(`${home}?shared=lost`, 303);
  }
  return Response.redirect(`${home}?shared=here`, 303);
}
