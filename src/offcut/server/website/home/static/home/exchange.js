// @ts-check
/** Talking with the server: uploads with progress, JSON, and two kinds of trouble. */

/** The server said no; `message` and `hint` are for the person. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, message?: string, hint?: string, sign_in?: string, sign_up?: string, url?: string, action?: string}} told
   */
  constructor(status, told) {
    super(told.message || "");
    this.status = status;
    this.code = told.code || "";
    this.hint = told.hint || "";
    this.told = told;
  }
}

/** The network is gone, or the server does not answer. */
export class Lost extends Error {}

const SILENCE_MS = 60_000;
const BUSY = ["rate_limit_exceeded", "queue_full", "team_queue_full", "server_stopping"];
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000];

/** The token of the page: the forms on it carry it, too. */
export function token() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field instanceof HTMLInputElement ? field.value : "";
}

/**
 * A name for one upload: sent again under it, because no answer came, the photo is not kept twice.
 * (`crypto.randomUUID` is not there on pages without https.)
 */
export function uploadId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * The look that the page was opened for (a preset), as a field of an upload.
 * @returns {Record<string, string>}
 */
export function preset() {
  const field = document.querySelector("#drop input[name=settings]");
  return field instanceof HTMLInputElement ? { settings: field.value } : {};
}

/**
 * Sends a form and tells how far it is. Rejects with Refusal, Lost, or an AbortError.
 * @param {string} address
 * @param {Record<string, string | Blob>} fields
 * @param {{onProgress?: (share: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export function send(address, fields, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    const request = new XMLHttpRequest();
    let silence = 0;
    const listen = () => {
      clearTimeout(silence);
      silence = window.setTimeout(() => request.abort(), SILENCE_MS);
    };
    const stop = () => request.abort();
    const over = () => {
      clearTimeout(silence);
      signal?.removeEventListener("abort", stop);
    };
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.onprogress = (event) => {
      listen();
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    };
    request.onerror = () => (over(), reject(new Lost()));
    request.onabort = () => (over(), reject(signal?.aborted ? new DOMException("", "AbortError") : new Lost()));
    request.onload = () => {
      over();
      read(request.status, request.responseText, resolve, reject);
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) return reject(new DOMException("", "AbortError"));
    listen();
    request.send(body);
  });
}

/**
 * Asks for JSON. Rejects with Refusal, Lost, or an AbortError.
 * @param {string} address
 * @param {{method?: string, json?: unknown, form?: FormData, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function ask(address, options = {}) {
  const response = await answerOf(address, options);
  const text = response.status === 204 ? "{}" : await response.text();
  return new Promise((resolve, reject) => read(response.status, text, resolve, reject));
}

/**
 * A file from the server. Rejects with Refusal, Lost, or an AbortError.
 * @param {string} address
 * @param {FormData} form
 * @returns {Promise<{blob: Blob, name: string}>}
 */
export async function file(address, form) {
  const response = await answerOf(address, { method: "POST", form });
  const blob = await content(response);
  const said = response.headers.get("Content-Disposition") || "";
  const long = /filename\*=(?:utf-8|UTF-8)''([^;]+)/.exec(said);
  const short = /filename="?([^";]+)"?/.exec(said);
  const name = long ? decodeURIComponent(long[1]) : short ? short[1] : "cut-out";
  return { blob, name };
}

/**
 * A picture from the server. Rejects with Refusal, Lost, or an AbortError.
 * @param {string} address
 * @param {AbortSignal} [signal]
 */
export async function picture(address, signal) {
  return content(await answerOf(address, { signal }));
}

/** @param {Response} response */
async function content(response) {
  if (!response.ok) {
    const text = await response.text();
    await new Promise((resolve, reject) => read(response.status, text, resolve, reject));
  }
  return response.blob().catch(() => Promise.reject(new Lost()));
}

/**
 * Does `work` again and again until the network lets it through. `onLost` is told at every miss. With
 * `onBusy` it also waits when the server asks for it; that is told then.
 * @template T
 * @param {() => Promise<T>} work
 * @param {{onLost?: () => void, onBusy?: () => void, signal?: AbortSignal}} [options]
 * @returns {Promise<T>}
 */
export async function persistently(work, { onLost, onBusy, signal } = {}) {
  for (let turn = 0; ; turn += 1) {
    try {
      return await work();
    } catch (problem) {
      const isBusy = onBusy && problem instanceof Refusal && BUSY.includes(problem.code);
      if (!(problem instanceof Lost) && !isTired(problem) && !isBusy) throw problem;
      if (isBusy) onBusy();
      else onLost?.();
      await nextChance(RETRY_MS[Math.min(turn, RETRY_MS.length - 1)], signal);
    }
  }
}

/** Ends every wait for the network now: somebody pressed “Try now”. */
export function tryNow() {
  window.dispatchEvent(new Event("offcut-try"));
}

/** @param {unknown} problem */
function isTired(problem) {
  return problem instanceof Refusal && [502, 504].includes(problem.status);
}

/**
 * @param {number} most
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function nextChance(most, signal) {
  return new Promise((resolve, reject) => {
    const go = () => (over(), resolve());
    const stop = () => (over(), reject(new DOMException("", "AbortError")));
    const timer = setTimeout(go, most);
    const over = () => {
      clearTimeout(timer);
      window.removeEventListener("online", go);
      window.removeEventListener("offcut-try", go);
      signal?.removeEventListener("abort", stop);
    };
    window.addEventListener("online", go);
    window.addEventListener("offcut-try", go);
    signal?.addEventListener("abort", stop);
  });
}

/**
 * @param {string} address
 * @param {{method?: string, json?: unknown, form?: FormData, signal?: AbortSignal}} options
 */
async function answerOf(address, { method = "GET", json, form, signal }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = token();
  if (json !== undefined) headers["Content-Type"] = "application/json";
  const body = json === undefined ? form : JSON.stringify(json);
  try {
    return await fetch(address, { method, headers, body, signal, credentials: "same-origin" });
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new Lost();
  }
}

/**
 * @param {number} status
 * @param {string} text
 * @param {(value: any) => void} resolve
 * @param {(problem: Error) => void} reject
 */
function read(status, text, resolve, reject) {
  if (status === 0) return reject(new Lost());
  let answer = null;
  try {
    answer = JSON.parse(text || "{}");
  } catch {
    // A page where JSON should be: a proxy's, or that of a token that is too old.
    if (status >= 200 && status < 300) status = 502;
  }
  if (status >= 200 && status < 300) return resolve(answer);
  reject(new Refusal(status, answer?.error || { code: status === 403 ? "stale" : "unknown" }));
}
