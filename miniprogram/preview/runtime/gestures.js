// Taps by keyboard, clicks that hit the wrong thing, and "this runs inside a tap".

const NATIVE_CONTROL = /^(INPUT|TEXTAREA|SELECT|BUTTON)$/;

let tapDepth = 0;

/** Run `dispatch`; while it runs for a tap, `insideTap()` is true. */
export function duringTap(type, dispatch) {
  if (type !== 'tap') {
    dispatch();
    return;
  }
  tapDepth += 1;
  try {
    dispatch();
  } finally {
    tapDepth -= 1;
  }
}

/** WeChat opens some dialogs only straight from a tap handler, before any await. */
export function insideTap() {
  return tapDepth > 0;
}

/** Enter or Space on a focused built-in is a tap; arrows go from one choice of a group to the next. */
export function installKeyboard(tap) {
  addEventListener('keydown', stepInGroup);
  addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (!['Enter', ' '].includes(key) || NATIVE_CONTROL.test(target.tagName)) return;
    if (!target.__wxElement) return;
    event.preventDefault();
    if (!event.repeat && target.getAttribute('aria-disabled') !== 'true') tap(target.__wxElement);
  });
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const GROUPS = { radio: 'radiogroup', tab: 'tablist' };

/** Only the focus goes on: taking a choice may ask the server, so that is left to Enter. */
function stepInGroup(event) {
  const role = event.target.getAttribute('role');
  const group = GROUPS[role] && event.target.closest(`[role="${GROUPS[role]}"]`);
  if (!group || !(event.key in STEPS)) return;
  event.preventDefault();
  const choices = [...group.querySelectorAll(`[role="${role}"]`)];
  choices.at((choices.indexOf(event.target) + STEPS[event.key]) % choices.length).focus();
}

/**
 * A finger that opens a dialog or a page is followed by a click of the browser's own at the same
 * place, now on something else. Only clicks that began where they end are let through.
 */
export function installClickGuard() {
  let began = null;
  const surface = (node) => node.closest?.('.page-host, .mask, #navigation, #tab-bar') ?? null;
  addEventListener('pointerdown', (event) => (began = surface(event.target)), true);
  addEventListener(
    'click',
    (event) => {
      const byPointer = event.detail > 0;
      if (!byPointer || surface(event.target) === began) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
