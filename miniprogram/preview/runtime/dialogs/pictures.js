// Pictures that WeChat shows by itself: one large, and one that goes with a shared page.
import { assetUrl } from '../location.js';
import { button, element, showDialog } from './layer.js';

export function showPicture(source) {
  return showDialog(
    '图片',
    (box, close) => {
      const image = element('img', 'large-picture');
      Object.assign(image, { src: assetUrl(source), alt: '' });
      box.append(
        image,
        button('关闭', () => close(null), 'sheet-cancel'),
      );
    },
    'picture',
  );
}

/**
 * What a friend would get of a page.
 * @param {{title: string, path: string, imageUrl?: string}} shared as onShareAppMessage returned it
 */
export function showShared({ title, path, imageUrl }) {
  return showDialog('转发', (box, close) => {
    box.append(element('h2', '', title));
    if (imageUrl) {
      const image = element('img', 'shared-picture');
      Object.assign(image, { src: assetUrl(imageUrl), alt: '' });
      box.append(image);
    }
    const row = element('div', 'dialog-buttons');
    row.append(
      button('取消', () => close(null)),
      button('发送', () => close(path), 'primary'),
    );
    box.append(row);
  });
}
