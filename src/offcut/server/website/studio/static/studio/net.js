// Talking to the server. Every failure is one of four kinds, because four different things follow from them.

/**
 * away: no connection, or the server is busy: try again. stale: somebody else changed the photo.
 * gone: the photo is no more. refused: the request is wrong, and will be wrong the next time.
 * @typedef {"away" | "stale" | "gone" | "refused"} Kind
 */

export class NetError extends Error {
  /**
   * @param {Kind} kind
   * @param {string} message
   * @param {number} status
   * @param {string} [code]
   */
  constructor(kind, message, status, code = "") {
    super(message);
    this.kind = kind;
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {{ json?: unknown, body?: BodyInit, headers?: Record<string, string>, signal?: AbortSignal }} [what]
 * @returns {Promise<Response>} of a request that succeeded
 */
export async function request(method, url, { json, body, headers = {}, signal } = {}) {
  /** @type {Record<string, string>} */
  const all = { Accept: "application/json, image/*", ...headers };
  if (method !== "GET") all["X-CSRFToken"] = token();
  if (json !== undefined) all["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method, headers: all, signal, credentials: "same-origin",
      body: json === undefined ? body : JSON.stringify(json),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NetError("away", "", 0);
  }
  if (response.ok) return response;
  throw await failure(response);
}

/** @param {Response} response */
async function failure(response) {
  /** @type {{ code?: string, message?: string, hint?: string }} */
  let said = {};
  try {
    said = (await response.json()).error ?? {};
  } catch {
    // An answer that is no JSON comes from something in between: the status has to do.
  }
  const message = [said.message, said.hint].filter(Boolean).join(" ");
  return new NetError(kindOf(response.status), message, response.status, said.code);
}

/**
 * @param {number} status
 * @returns {Kind}
 */
function kindOf(status) {
  if (status === 409 || status === 412) return "stale";
  if (status === 404 || status === 410) return "gone";
  if (status === 429 || status >= 500) return "away";
  return "refused";
}

function token() {
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=csrfmiddlewaretoken]"));
  return field ? field.value : "";
}
