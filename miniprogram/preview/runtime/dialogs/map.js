// The map that WeChat opens by itself. There is none here: what it would be told is shown.
import { button, element, showDialog } from './layer.js';

/** @param {{name: string, address: string, latitude: number, longitude: number}} place */
export function showMap({ name, address, latitude, longitude }) {
  return showDialog(
    '地图',
    (box, close) => {
      box.append(
        element('h2', '', name || '位置'),
        element('p', '', address),
        element('p', '', `手机上会打开微信的地图，可以看路线：${latitude}, ${longitude}`),
        button('关闭', () => close(null), 'sheet-cancel'),
      );
    },
    'sheet',
  );
}
