// Keeps the focus inside what lies over the page, and gives it back.

const STOPS = 'a[href], button, input, select, textarea, [tabindex="0"]';

/** What Tab can reach in this box, in order. */
function stopsIn(box) {
  const stops = [...box.querySelectorAll(STOPS)];
  return stops.filter((stop) => !stop.disabled && stop.getClientRects().length > 0);
}

/** Tab goes round inside the box, and into it from outside. */
export function keepFocus(event, box) {
  const stops = stopsIn(box);
  const { activeElement } = document;
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const inside = box.contains(activeElement) && activeElement !== box;
  if (inside && activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}

/**
 * Where the focus goes back to when what lies over the page has gone: to what had it, else to the
 * nearest thing around it that is still there, so that Tab goes on from that place.
 * @param {Element | null} element
 * @param {Element} outermost
 * @returns {() => void}
 */
export function rememberFocus(element = document.activeElement, outermost = document.body) {
  const around = [];
  for (let one = element; outermost.contains(one); one = one.parentElement) around.push(one);
  return () => {
    const there = around.find((one) => one.isConnected && one.getClientRects().length);
    if (there) goOnFrom(there);
  };
}

/** Give the focus to anything, also to what has none by itself, without moving the page. */
export function goOnFrom(element) {
  element.focus({ preventScroll: true });
  if (document.activeElement === element || element === document.body) return;
  element.tabIndex = -1;
  element.dataset.standIn = ''; // a class would go with the next one that the page gives
  element.focus({ preventScroll: true });
}

const lost = () => [document.body, null].includes(document.activeElement);

const SHEET = '.page-host:not([hidden]) [role="dialog"][aria-modal="true"]';

/**
 * Sheets that the mini-program lays over its page are no more to a browser than boxes. When one
 * comes it gets the focus; Tab stays in it; Escape presses its 关闭; when it goes, the focus is
 * where it was. And what is drawn anew under the focus leaves it at that place of the page.
 * @param {(element: object) => void} tap
 */
export function installSheets(tap) {
  /** @type {{sheet: HTMLElement, goBack: () => void}[]} */
  let open = [];
  let stayHere = () => {};
  addEventListener('focusin', ({ target }) => {
    const page = target.closest('.page-host');
    const goBack = page ? rememberFocus(target, page) : () => {};
    stayHere = () => !target.isConnected && goBack();
  });

  new MutationObserver(() => {
    const shown = [...document.querySelectorAll(SHEET)];
    const gone = open.filter(({ sheet }) => !sheet.isConnected);
    open = open.filter(({ sheet }) => sheet.isConnected);
    // another page or something on this one may have taken the focus meanwhile
    for (const { goBack } of gone.reverse()) if (lost()) goBack();
    for (const sheet of shown.filter((one) => !open.some((known) => known.sheet === one))) {
      open.push({ sheet, goBack: rememberFocus() });
      sheet.tabIndex = -1;
      sheet.focus({ preventScroll: true });
    }
    if (lost()) stayHere();
  }).observe(document.querySelector('#pages'), { childList: true, subtree: true });

  // before the dialogs of WeChat's own hear it: what closes one must not close the sheet below
  addEventListener('keydown', keyInSheet, true);

  function keyInSheet(event) {
    const sheet = [...document.querySelectorAll(SHEET)].at(-1);
    if (!sheet || document.querySelector('#layer .mask')) return;
    if (event.key === 'Tab') keepFocus(event, sheet);
    const cross = sheet.querySelector('[role="button"][aria-label="关闭"]');
    if (event.key === 'Escape' && cross) tap(cross.__wxElement);
  }
}
