// Dialogs lie in a layer above the pages, keep the focus, and give it back.

import { keepFocus, rememberFocus } from '../focus.js';

/** @returns {HTMLElement} */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(text, press, className = '') {
  const made = element('button', className, text);
  made.type = 'button';
  made.addEventListener('click', press);
  return made;
}

/** Enter in a field is its dialog's 确定, as the keyboard of a phone has it. */
export function pressByEnter(field, press) {
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    press();
  });
}

/**
 * Show a dialog until it is closed; Escape closes it with null.
 * @template T
 * @param {string} label what a screen reader calls it
 * @param {(box: HTMLElement, close: (value: T | null) => void) => void} build
 * @param {string} [className]
 * @returns {Promise<T | null>}
 */
export function showDialog(label, build, className = '') {
  const goBack = rememberFocus();
  return new Promise((resolve) => {
    const box = element('div', `dialog ${className}`);
    box.setAttribute('role', 'dialog');
    box.setAttribute('aria-modal', 'true');
    box.setAttribute('aria-label', label);
    box.tabIndex = -1;
    const mask = element('div', 'mask', box);
    const close = (value) => {
      mask.remove();
      goBack();
      resolve(value);
    };
    mask.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') close(null);
      if (event.key === 'Tab') keepFocus(event, box);
    });
    build(box, close);
    document.querySelector('#layer').append(mask);
    (box.querySelector('input, select') ?? box.querySelector('button') ?? box).focus();
  });
}
