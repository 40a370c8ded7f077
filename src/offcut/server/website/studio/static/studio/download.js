// Getting the file: preview or full size, or a copy on the clipboard.

import { NetError, request } from "./net.js";
import { say, word } from "./words.js";

/**
 * @param {{ download: string, signIn: string, pricing: string }} urls
 * @param {{ name: string, isPaid: boolean }} image
 * @param {() => Promise<void>} settled resolves once all work is with the server
 * @param {() => unknown} settings
 */
export function useDownloads(urls, image, settled, settings) {
  const format = /** @type {HTMLSelectElement} */ (document.getElementById("format"));
  const buttons = ["download-preview", "download-full", "copy"].map(
    (id) => /** @type {HTMLButtonElement} */ (document.getElementById(id)),
  );
  const [preview, full, copy] = buttons;

  /** @param {"preview" | "full"} size @param {string} kind */
  const fetchFile = async (size, kind) => {
    await settled();
    const asked = JSON.stringify(settings());
    let response;
    if (size === "preview") {
      const url = new URL(urls.download, location.href);
      for (const [key, value] of Object.entries({ size, format: kind, settings: asked })) url.searchParams.set(key, value);
      response = await request("GET", url.href);
    } else {
      const body = new FormData();
      for (const [key, value] of Object.entries({ size, format: kind, settings: asked })) body.set(key, value);
      response = await request("POST", urls.download, { body });
      paid();
    }
    return response;
  };

  const paid = () => {
    image.isPaid = true;
    for (const [id, isHidden] of /** @type {[string, boolean][]} */ ([["price-unpaid", true], ["price-paid", false]])) {
      const note = document.getElementById(id);
      if (note) note.hidden = isHidden;
    }
  };

  /** @param {HTMLButtonElement} button @param {() => Promise<void>} deed */
  const attempt = async (button, deed) => {
    trouble("");
    for (const one of buttons) one.disabled = true;
    button.setAttribute("aria-busy", "true");
    say(word("preparing"), { lasting: true });
    try {
      await deed();
    } catch (error) {
      if (error instanceof NetError) refuse(error);
      else if (error instanceof DOMException) trouble(word("clipboard_refused"));
      else throw error;
    } finally {
      button.removeAttribute("aria-busy");
      for (const one of buttons) one.disabled = false;
      button.focus({ preventScroll: true });
    }
  };

  /** @param {NetError} error */
  const refuse = (error) => {
    if (error.kind === "away") return trouble(word("away_download"));
    const link = error.status === 403 ? { href: urls.signIn, text: word("sign_in") }
      : error.status === 402 && urls.pricing ? { href: urls.pricing, text: word("get_credits") } : null;
    trouble(error.message || word("refused"), link);
  };

  preview.addEventListener("click", () => attempt(preview, async () => {
    await save(await fetchFile("preview", format.value), image.name, format.value);
  }));
  full.addEventListener("click", () => attempt(full, async () => {
    await save(await fetchFile("full", format.value), image.name, format.value);
  }));
  copy.addEventListener("click", () => attempt(copy, async () => {
    if (!navigator.clipboard || typeof ClipboardItem === "undefined") return trouble(word("clipboard_missing"));
    // The promise goes in whole: some browsers only allow copying while the click is being handled.
    const png = fetchFile(image.isPaid ? "full" : "preview", "png").then((response) => response.blob());
    png.catch(() => {});
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    } catch (error) {
      await png; // Its own failure says more than the clipboard's.
      throw error;
    }
    say(word("copied"));
  }));
}

/**
 * @param {string} sentence "" takes an earlier one away
 * @param {{ href: string, text: string } | null} [link]
 */
function trouble(sentence, link = null) {
  const place = document.getElementById("download-trouble");
  if (!place) return;
  place.hidden = sentence === "";
  place.textContent = sentence;
  if (sentence) say("");
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link.href;
  anchor.textContent = link.text;
  place.append(" ", anchor);
}

/**
 * @param {Response} response
 * @param {string} name the photo's
 * @param {string} format
 */
async function save(response, name, format) {
  const address = URL.createObjectURL(await response.blob());
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = fileName(response.headers.get("Content-Disposition")) ?? `${name.replace(/\.[^.]*$/, "") || "cut-out"}.${format}`;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  say(word("downloaded"));
}

/** @param {string | null} header */
function fileName(header) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header ?? "")?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="([^"]+)"/i.exec(header ?? "")?.[1] ?? null;
}
