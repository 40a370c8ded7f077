// @ts-check
/**
 * The form that tries the API: sends the request from this browser, shows it as a cURL call, and shows the
 * answer: the picture or the error, and the headers.
 */

const form = /** @type {HTMLFormElement} */ (part("form"));
const outcome = part("outcome");
const curl = part("curl");
const line = part("status");
const image = part("image");
const body = part("body");
const headers = part("headers");
const keyBox = /** @type {HTMLInputElement} */ (part("key"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
const { endpoint = "", address = "", keyAddress = "" } = form.dataset;
/** @type {{working: string, no_photo: string, no_key: string, no_answer: string, answered: string, result: string}} */
const words = JSON.parse(part("words").textContent ?? "{}");

/** @type {Record<string, string>} */
const SUFFIXES = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/zip": "zip" };
/** @type {{key: string, until: number} | null} */
let lent = null;
let shown = "";

part("needs-scripts").hidden = true;
form.hidden = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  outcome.hidden = false;
  button.disabled = true;
  clear();
  try {
    await send();
  } catch (problem) {
    line.textContent = problem instanceof Refused ? problem.message : words.no_answer;
  } finally {
    button.disabled = false;
  }
});

/**
 * An element of the form and its outcome.
 * @param {string} name
 */
function part(name) {
  return /** @type {HTMLElement} */ (document.getElementById(`try-${name}`));
}

/** What can be said to the person as it is. */
class Refused extends Error {}

function clear() {
  if (shown) URL.revokeObjectURL(shown);
  shown = "";
  image.replaceChildren();
  body.hidden = headers.hidden = true;
  line.textContent = words.working;
}

/** The fields that have a value, the photo among them. */
function fields() {
  return [...new FormData(form)].filter(([name, value]) =>
    name !== "csrfmiddlewaretoken" && (value instanceof File ? value.size : value.trim()));
}

async function send() {
  const given = fields();
  curl.textContent = asCurl(given);
  if (!given.some(([name]) => name === "image_file")) throw new Refused(words.no_photo);
  const key = keyBox.value.trim() || await lentKey();
  const data = new FormData();
  for (const [name, value] of given) data.append(name, value);
  const begun = performance.now();
  const answer = await fetch(endpoint, {
    method: "POST", headers: { "X-Api-Key": key }, body: data, credentials: "omit",
  });
  const content = await answer.blob();
  const seconds = ((performance.now() - begun) / 1000).toFixed(2);
  line.textContent = words.answered.replace("{status}", String(answer.status))
    .replace("{bytes}", content.size.toLocaleString(document.documentElement.lang)).replace("{seconds}", seconds);
  showHeaders(answer.headers);
  if (answer.ok) showFile(content);
  else await showText(content);
}

/** A key of the person's own team, asked for once an hour. */
async function lentKey() {
  if (!keyAddress) throw new Refused(words.no_key);
  if (lent && lent.until > Date.now()) return lent.key;
  const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken")).value;
  const answer = await fetch(keyAddress, { method: "POST", headers: { "X-CSRFToken": token } });
  const said = await answer.json();
  if (!answer.ok) throw new Refused(`${said.error.message} ${said.error.hint}`);
  lent = { key: said.key, until: Date.now() + 55 * 60 * 1000 };
  return lent.key;
}

/** @param {[string, FormDataEntryValue][]} given */
function asCurl(given) {
  const parts = given.map(([name, value]) =>
    ` \\\n  -F ${quoted(value instanceof File ? `${name}=@${value.name}` : `${name}=${value}`)}`);
  const chosen = given.find(([name]) => name === "format");
  const suffix = chosen && chosen[1] !== "auto" ? chosen[1] : "png";
  return `curl -H "X-Api-Key: $OFFCUT_API_KEY"${parts.join("")} \\\n  `
    + `${address}${endpoint} -o result.${suffix}`;
}

/** A word of a shell's line. @param {string} text */
function quoted(text) {
  return /^[\w@=.,%+:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {Blob} content */
function showFile(content) {
  shown = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = shown;
  link.download = `result.${SUFFIXES[content.type] ?? "bin"}`;
  if (content.type.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = shown;
    picture.alt = words.result;
    picture.className = "checker";
    link.append(picture);
  } else {
    link.textContent = link.download;
  }
  image.replaceChildren(link);
}

/** @param {Blob} content */
async function showText(content) {
  const text = await content.text();
  let nice = text;
  try { nice = JSON.stringify(JSON.parse(text), null, 2); } catch { /* It is no JSON, and shown as it came. */ }
  /** @type {HTMLElement} */ (body.querySelector("code")).textContent = nice;
  body.hidden = false;
}

/** @param {Headers} given */
function showHeaders(given) {
  const rows = [...given].filter(([name]) => name.startsWith("x-") || name === "content-type" || name === "retry-after");
  /** @type {HTMLElement} */ (headers.querySelector("tbody")).replaceChildren(...rows.map(([name, value]) => {
    const row = document.createElement("tr");
    for (const text of [name, value]) {
      const cell = document.createElement("td");
      const code = document.createElement("code");
      code.textContent = text;
      cell.append(code);
      row.append(cell);
    }
    return row;
  }));
  headers.hidden = false;
}

export {};
