// A document that WeChat shows by itself, with a way back.
import { button, element, showDialog } from './layer.js';

export function showDocument(source, fileType) {
  return showDialog(
    '文件',
    (box, close) => {
      const link = element('a', 'large-picture', `打开 ${fileType.toUpperCase()} 文件`);
      Object.assign(link, { href: source, target: '_blank' });
      box.append(
        link,
        button('关闭', () => close(null), 'sheet-cancel'),
      );
    },
    'picture',
  );
}
