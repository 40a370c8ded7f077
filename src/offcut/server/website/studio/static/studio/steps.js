// What was done, in its order, so that it can be taken back: strokes of the brush and changes of the settings.
//
// The server keeps the strokes; here stands only when each was painted. What is done survives a reload in its tab.

/** @typedef {import("./panels.js").Settings} Settings */
/** @typedef {{ stroke: true, before?: undefined, after?: undefined }} Painted */
/** @typedef {{ stroke?: undefined, before: Settings, after: Settings }} Changed */
/** @typedef {Painted | Changed} Step */

export class Steps {
  /** @param {string} name under which the steps are kept in this tab */
  constructor(name) {
    this.name = name;
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} the last is the next to be done again */
    this.undone = [];
    /** @type {Settings | null} */
    this.now = null;
    this.control = "";
    this.isOpen = false;
  }

  /** @param {Settings} settings as the page was opened with them */
  begin(settings) {
    this.now = settings;
  }

  /** Takes up what was done before a reload, unless the settings are others by now. */
  open() {
    this.isOpen = true;
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.name) ?? "null");
      if (kept && same(kept.now, this.now)) [this.done, this.undone] = [kept.done, kept.undone];
    } catch {
      // Without storage the steps begin with this visit.
    }
  }

  painted() {
    this.add({ stroke: true });
  }

  /**
   * @param {Settings} after
   * @param {string} control what was moved: until it is let go, all its changes are one step; "" is never held
   */
  changed(after, control) {
    const before = /** @type {Settings} */ (this.now);
    this.now = after;
    const last = this.done[this.done.length - 1];
    if (control && control === this.control && last?.before) {
      last.after = after;
      if (same(last.before, after)) this.done.pop();
      this.control = same(last.before, after) ? "" : control;
    } else if (!same(before, after)) {
      this.add({ before, after });
      this.control = control;
    }
    this.keep();
  }

  /** Whatever was held is let go. */
  letGo() {
    this.control = "";
  }

  /**
   * @param {number} step -1 takes back what was done last, 1 does it again
   * @returns {{ settings: Settings | null } | null} the settings to go back to, or none for a stroke; null: nothing
   */
  move(step) {
    const [from, to] = step < 0 ? [this.done, this.undone] : [this.undone, this.done];
    const taken = from.pop();
    if (!taken) return null;
    to.push(taken);
    this.control = "";
    if (taken.before) this.now = step < 0 ? taken.before : taken.after;
    this.keep();
    return { settings: taken.before ? this.now : null };
  }

  /**
   * The strokes as the server has them: where another window has painted, only they can be taken back.
   * @param {{ count: number, total: number }} strokes
   */
  fit({ count, total }) {
    if (strokesIn(this.done) === count && strokesIn(this.undone) <= total - count) return;
    this.done = Array.from({ length: count }, () => ({ stroke: true }));
    this.undone = Array.from({ length: total - count }, () => ({ stroke: true }));
    this.keep();
  }

  /** @param {Step} step */
  add(step) {
    this.control = "";
    this.done.push(step);
    this.undone = [];
    this.keep();
  }

  keep() {
    if (!this.isOpen) return;
    try {
      const { done, undone, now } = this;
      sessionStorage.setItem(this.name, JSON.stringify({ done, undone, now }));
    } catch {
      // A browser without storage forgets the steps at a reload; the strokes are the server's.
    }
  }
}

/** @param {Step[]} steps */
function strokesIn(steps) {
  return steps.filter((step) => step.stroke).length;
}

/**
 * @param {unknown} one
 * @param {unknown} other
 */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
