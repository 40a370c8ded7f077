// The panels beside the canvas, as settings and back. The form is the only place that holds them.

import { word } from "./words.js";

/**
 * @typedef {object} Settings as the server keeps them
 * @property {import("./backdrop.js").Background} background
 * @property {{ kind: string, opacity: number }} shadow
 * @property {{ kind: string, margin: string, preset?: string }} crop
 * @property {string} [scale]
 * @property {string} [position]
 * @property {{ width: number, colour: string }} outline
 */

const PRESETS = ["square", "4:5", "16:9", "story", "passport", "marketplace"];

/** What a marketplace asks for; whoever chooses its canvas gets it, and may choose another afterwards. */
const WHITE = /** @type {const} */ ({ kind: "colour", colour: "#ffffff" });

/** Kinds of settings whose outcome only the server's preview shows. */
const LAYOUT = ["shadow", "crop", "scale", "position", "outline"];

export class Panels {
  /**
   * @param {HTMLFormElement} form
   * @param {(settings: Settings, changesLayout: boolean, control: string) => void} onChange with what was moved
   */
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    /** @type {string} the number of an uploaded background */
    this.photo = "";
    this.before = "";
    for (const swatch of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-colour]"))) {
      swatch.style.setProperty("--swatch", swatch.dataset.colour ?? "");
      swatch.style.setProperty("--second", swatch.dataset.second ?? swatch.dataset.colour ?? "");
    }
    form.addEventListener("input", (event) => this.changed(event));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /**
   * @template {HTMLElement} T
   * @param {string} id
   */
  field(id) {
    return /** @type {HTMLInputElement} */ (document.getElementById(id));
  }

  /** @param {string} name of a group of radio buttons */
  chosen(name) {
    return /** @type {HTMLInputElement | null} */ (this.form.querySelector(`input[name="${name}"]:checked`))?.value ?? "";
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  choose(name, value) {
    for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (this.form.querySelectorAll(`input[name="${name}"]`))) {
      radio.checked = radio.value === value;
    }
  }

  /** @param {Event} event */
  changed(event) {
    const target = /** @type {HTMLInputElement} */ (event.target);
    if (target.name === "canvas" && target.value === "marketplace") this.writeBackground(WHITE);
    if (target.name === "swatch") this.field("colour").value = target.value;
    if (target.id === "colour") this.choose("swatch", target.value);
    if (target.name === "gradient") [this.field("first").value, this.field("second").value] = target.value.split(" ");
    if (target.id === "first" || target.id === "second") this.choose("gradient", "");
    // A size in the canvas means a place in it; without one the subject would stay where it was.
    if (target.id === "scale" && this.chosen("place") === "") this.choose("place", "center");
    if (["tool", "mode", "view"].includes(target.name) || ["size", "hardness", "format", "background-photo"].includes(target.id)) return;
    this.settle(target.id || target.name);
  }

  /**
   * Shows what follows from the choices, and tells of them.
   * @param {string} [control] what was moved
   */
  settle(control = "") {
    this.arrange();
    const settings = this.read();
    this.onChange(settings, this.isNewLayout(settings), control);
  }

  /** @param {Settings} settings */
  isNewLayout(settings) {
    const { before } = this;
    this.before = JSON.stringify(LAYOUT.map((name) => /** @type {any} */ (settings)[name]));
    return this.before !== before;
  }

  arrange() {
    const kind = this.chosen("background");
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (this.form.querySelectorAll("[data-background]"))) {
      part.hidden = part.dataset.background !== kind;
      if (!part.hidden) for (const image of part.querySelectorAll("img[data-src]")) this.loadLate(image);
    }
    const canvas = this.chosen("canvas");
    this.field("margin-row").hidden = canvas === "original";
    this.field("opacity-row").hidden = this.chosen("shadow") === "none";
    this.field("outline-colour-row").hidden = this.field("outline").value === "0";
    this.field("scale-row").hidden = this.chosen("place") === "";
    this.tell("angle", `${this.field("angle").value}°`);
    for (const id of ["blur", "opacity", "margin", "scale"]) this.tell(id, word("percent", { value: this.field(id).value }));
    this.tell("outline", this.field("outline").value === "0" ? word("none") : word("pixels", { value: this.field("outline").value }));
  }

  /** @param {Element} image */
  loadLate(image) {
    const { src } = /** @type {HTMLElement} */ (image).dataset;
    if (!image.getAttribute("src") && src) image.setAttribute("src", src);
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  tell(id, text) {
    const shown = document.getElementById(`${id}-shown`);
    if (shown) shown.textContent = text;
  }

  /** @returns {Settings} */
  read() {
    const canvas = this.chosen("canvas");
    const place = this.chosen("place");
    const isPreset = PRESETS.includes(canvas);
    /** @type {Settings} */
    const settings = {
      background: this.background(),
      shadow: { kind: this.chosen("shadow"), opacity: Number(this.field("opacity").value) },
      crop: { kind: isPreset ? "preset" : canvas, margin: `${this.field("margin").value}%`, ...(isPreset && { preset: canvas }) },
      outline: { width: Number(this.field("outline").value), colour: this.field("outline-colour").value },
    };
    if (place) Object.assign(settings, { position: place, scale: `${this.field("scale").value}%` });
    return settings;
  }

  /** @returns {import("./backdrop.js").Background} */
  background() {
    const kind = /** @type {import("./backdrop.js").Background["kind"]} */ (this.chosen("background"));
    if (kind === "colour") return { kind, colour: this.field("colour").value };
    if (kind === "gradient") {
      return { kind, colours: [this.field("first").value, this.field("second").value], angle: Number(this.field("angle").value) };
    }
    if (kind === "photo") return this.photo ? { kind, photo: this.photo } : { kind: "transparent" };
    if (kind === "blur") return { kind, blur: Number(this.field("blur").value) };
    if (kind === "scene") return { kind, scene: this.chosen("scene") };
    return { kind: "transparent" };
  }

  /**
   * @param {Partial<Settings>} settings
   * @returns {boolean} whether the layout is another now
   */
  write(settings) {
    const { background, shadow, crop, outline, position, scale } = settings;
    if (background) this.writeBackground(background);
    else if (crop?.kind === "preset" && crop.preset === "marketplace") this.writeBackground(WHITE);
    if (shadow) {
      this.choose("shadow", shadow.kind);
      if (shadow.opacity !== undefined) this.field("opacity").value = String(shadow.opacity);
    }
    if (crop) {
      this.choose("canvas", crop.kind === "preset" ? crop.preset ?? "square" : crop.kind);
      if (crop.margin !== undefined) this.field("margin").value = String(parseFloat(crop.margin));
    }
    if (outline) {
      this.field("outline").value = String(outline.width);
      if (outline.colour) this.field("outline-colour").value = outline.colour;
    }
    this.choose("place", position ?? (scale ? "center" : ""));
    if (scale) this.field("scale").value = String(parseFloat(scale));
    this.arrange();
    return this.isNewLayout(this.read());
  }

  /** @param {import("./backdrop.js").Background} background */
  writeBackground({ kind, colour, colours, angle, photo, blur, scene }) {
    this.choose("background", kind);
    if (photo) this.photo = photo;
    if (colour) {
      this.field("colour").value = colour;
      this.choose("swatch", colour);
    }
    if (colours?.length) {
      [this.field("first").value, this.field("second").value] = colours;
      this.choose("gradient", colours.join(" "));
    }
    if (angle !== undefined) this.field("angle").value = String(angle);
    if (blur !== undefined) this.field("blur").value = String(blur);
    if (scene) this.choose("scene", scene);
  }
}

/** @param {Settings} settings whether the plain cut-out in its photo's frame does not show what one will get */
export function changesLayout(settings) {
  const { shadow, crop, outline } = settings;
  return shadow.kind !== "none" || crop.kind !== "original" || outline.width > 0 || Boolean(settings.position);
}
