/**
 * Where the phone is, roughly, asked of WeChat when a family wants distances. The answer stays in the
 * page that asked: it is neither sent nor stored.
 */

import type { Point } from '../utils/distance';

/** refused: to this mini-program; off: the phone tells WeChat nothing; failed: not this time. */
export type WhyNoPosition = 'refused' | 'off' | 'failed';

export class NoPosition extends Error {
  constructor(readonly why: WhyNoPosition) {
    super(why);
  }
}

/** Raises NoPosition. */
export function fuzzyPosition(): Promise<Point> {
  return new Promise((resolve, reject) => {
    wx.getFuzzyLocation({
      type: 'gcj02',
      success: ({ latitude, longitude }) => resolve({ latitude, longitude }),
      fail: ({ errMsg }) => reject(new NoPosition(whyNot(errMsg))),
    });
  });
}

function whyNot(errMsg: string): WhyNoPosition {
  if (/system permission|locationswitchoff/i.test(errMsg)) return 'off';
  return /auth|privacy/i.test(errMsg) ? 'refused' : 'failed';
}

/** WeChat's own map, with the way there. */
export function showOnMap(point: Point, name: string, address: string): void {
  wx.openLocation({ ...point, name, address, scale: 15 });
}
