// Tabs and toolbars as their patterns ask for: one stop for the Tab key, arrows inside.

/**
 * @param {HTMLElement} list
 * @param {(name: string, isTap: boolean) => void} onChange with whether the tab itself was clicked
 */
export function useTabs(list, onChange) {
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=tab]")]);
  /** @param {HTMLElement} tab @param {boolean} [isTap] */
  const open = (tab, isTap = false) => {
    for (const other of tabs) {
      const isOpen = other === tab;
      other.setAttribute("aria-selected", String(isOpen));
      other.tabIndex = isOpen ? 0 : -1;
      const panel = document.getElementById(other.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !isOpen;
    }
    onChange(tab.id.replace("tab-", ""), isTap);
  };
  for (const tab of tabs) tab.addEventListener("click", () => open(tab, true));
  walkWithArrows(list, tabs, (tab) => open(tab));
  return { open: (/** @type {string} */ name) => open(/** @type {HTMLElement} */ (document.getElementById(`tab-${name}`))) };
}

/** @param {HTMLElement} bar */
export function useToolbar(bar) {
  const buttons = /** @type {HTMLElement[]} */ ([...bar.querySelectorAll("button")]);
  const only = (/** @type {HTMLElement} */ chosen) => {
    for (const button of buttons) button.tabIndex = button === chosen ? 0 : -1;
  };
  only(/** @type {HTMLElement} */ (buttons.find((button) => !(/** @type {HTMLButtonElement} */ (button).disabled)) ?? buttons[0]));
  bar.addEventListener("focusin", (event) => only(/** @type {HTMLElement} */ (event.target)));
  walkWithArrows(bar, buttons, () => {});
  // A button that is switched off cannot be the bar's one stop.
  new MutationObserver(() => {
    const stop = /** @type {HTMLButtonElement | undefined} */ (buttons.find((button) => button.tabIndex === 0));
    if (!stop || stop.disabled) {
      const next = buttons.find((button) => !(/** @type {HTMLButtonElement} */ (button).disabled));
      if (next) only(next);
    }
  }).observe(bar, { attributes: true, subtree: true, attributeFilter: ["disabled"] });
}

/**
 * @param {HTMLElement} group
 * @param {HTMLElement[]} items
 * @param {(item: HTMLElement) => void} onArrive
 */
function walkWithArrows(group, items, onArrive) {
  group.addEventListener("keydown", (event) => {
    const usable = items.filter((item) => !(/** @type {HTMLButtonElement} */ (item).disabled) && item.offsetParent !== null);
    const at = usable.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const isRtl = getComputedStyle(group).direction === "rtl";
    const step = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = event.key === "Home" ? 0 : event.key === "End" ? usable.length - 1 : step === undefined ? -1 : (at + step + usable.length) % usable.length;
    if (at < 0 || next < 0) return;
    event.preventDefault();
    usable[next].focus();
    onArrive(usable[next]);
  });
}
