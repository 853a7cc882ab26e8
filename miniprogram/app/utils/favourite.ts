/** The heart below a guide or a recipe. */

import { setFavourite } from '../services/marks';
import { sentence } from './messages';

let changing = false;

/** Shown at once, taken back when the service refuses; a second tap meanwhile does nothing. */
export async function changeFavourite(
  slug: string,
  on: boolean,
  show: (on: boolean) => void,
): Promise<void> {
  if (changing) return;
  changing = true;
  show(on);
  try {
    await setFavourite(slug, on);
    wx.showToast({ title: on ? '已收藏' : '已取消收藏', icon: 'none' });
  } catch (error) {
    show(!on);
    wx.showToast({ title: sentence(error), icon: 'none' });
  } finally {
    changing = false;
  }
}
