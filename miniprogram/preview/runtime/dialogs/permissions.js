// What WeChat asks the user on behalf of the mini-program.
import { button, element, showDialog } from './layer.js';

/**
 * 订阅消息: one tick per template.
 * @param {{id: string, title: string}[]} templates
 * @returns {Promise<Record<string, 'accept' | 'reject'>>}
 */
export async function askForSubscriptions(templates) {
  const ticks = templates.map(({ title }) => {
    const input = element('input');
    Object.assign(input, { type: 'checkbox', checked: true });
    return { input, row: element('label', 'tick', input, title) };
  });
  const allowed = await showDialog(
    '订阅消息',
    (box, close) => {
      box.append(
        element('h2', '', '申请发送以下消息'),
        element('div', 'ticks', ...ticks.map(({ row }) => row)),
        permissionButtons(close),
      );
    },
    'sheet',
  );
  return Object.fromEntries(
    templates.map(({ id }, index) => [
      id,
      allowed && ticks[index].input.checked ? 'accept' : 'reject',
    ]),
  );
}

/** @returns {Promise<boolean>} */
export function askForPhone() {
  return askFor('手机号', '申请获取并验证你的手机号', '用于预约服务时与你联系');
}

/** @returns {Promise<boolean>} */
export function askForAlbum() {
  return askFor('相册', '申请把图片保存到你的相册', '用于保存分享图');
}

/**
 * @param {string} purpose what app.json says of it
 * @returns {Promise<boolean>}
 */
export function askForPosition(purpose) {
  return askFor('位置', '申请获取你的大致位置', purpose);
}

async function askFor(label, question, purpose) {
  const allowed = await showDialog(
    label,
    (box, close) => {
      box.append(element('h2', '', question), element('p', '', purpose), permissionButtons(close));
    },
    'sheet',
  );
  return Boolean(allowed);
}

function permissionButtons(close) {
  const row = element('div', 'dialog-buttons');
  row.append(
    button('拒绝', () => close(false)),
    button('允许', () => close(true), 'primary'),
  );
  return row;
}
