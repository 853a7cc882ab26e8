// wx.showModal, wx.showActionSheet, wx.showToast and wx.showLoading.
import { button, element, pressByEnter, showDialog } from './layer.js';

const TOAST_MS = 1500; // WeChat's default
const TOAST_SIGNS = { success: '✓', error: '!', loading: '', none: null };

export async function modal({
  title = '',
  content = '',
  showCancel = true,
  cancelText = '取消',
  cancelColor = '',
  confirmText = '确定',
  confirmColor = '',
  editable = false,
  placeholderText = '',
}) {
  const answer = await showDialog(title || content, (box, close) => {
    if (title) box.append(element('h2', '', title));
    const input = editable ? element('input') : null;
    if (input) Object.assign(input, { value: content, placeholder: placeholderText });
    box.append(input ?? element('p', '', content));
    const row = element('div', 'dialog-buttons');
    const accept = () => close({ content: input?.value ?? null });
    if (input) pressByEnter(input, accept);
    const confirm = button(confirmText, accept, 'primary');
    const cancel = button(cancelText, () => close(null));
    confirm.style.color = confirmColor;
    cancel.style.color = cancelColor;
    row.append(...(showCancel ? [cancel] : []), confirm);
    box.append(row);
  });
  return { confirm: answer !== null, cancel: answer === null, content: answer?.content ?? null };
}

/** @returns {Promise<number | null>} index of the item */
export function sheet(items, label = '请选择', colour = '') {
  return showDialog(
    label,
    (box, close) => {
      const list = element('div', 'sheet-items');
      list.style.color = colour;
      items.forEach((text, index) => list.append(button(text, () => close(index))));
      box.append(
        list,
        button('取消', () => close(null), 'sheet-cancel'),
      );
    },
    'sheet',
  );
}

let current;

export function toast({ title, icon = 'success', duration = TOAST_MS, mask = false }) {
  hideToast();
  if (!(icon in TOAST_SIGNS)) console.error(`[preview] toast icon "${icon}" is not simulated`);
  const sign = TOAST_SIGNS[icon];
  const box = element('div', 'toast');
  box.setAttribute('role', 'status');
  if (sign !== null) box.append(element('span', `toast-icon ${icon}`, sign));
  box.append(element('span', '', title));
  const shown = mask ? element('div', 'toast-mask', box) : box;
  document.querySelector('#layer').append(shown);
  current = shown;
  if (Number.isFinite(duration)) setTimeout(() => shown.remove(), duration);
}

export function loading({ title, mask }) {
  toast({ title, mask, icon: 'loading', duration: Infinity });
}

export function hideToast() {
  current?.remove();
  current = undefined;
}
