/** Code → sentence. Pages never write a sentence for an error of their own. */

import { ApiError } from '../services/errors';
import { SENTENCES } from './messages.generated';

/** What only this side can know: no server was reached to say it. */
const LOCAL: Record<string, string> = {
  unreachable: '连不上网络，请检查后重试',
  login_failed: '微信登录没有成功，请重试',
  album_denied: '没有相册或相机的权限，可在右上角“设置”里打开',
  subscription_switched_off: '微信里的订阅消息总开关关着，可在右上角“设置”里打开',
  subscription_failed: '微信没有打开订阅窗口，可以稍后在“我的”里再试',
};

const FALLBACK = '出了点问题，请稍后再试';

export function sentenceOf(code: string): string {
  return LOCAL[code] ?? SENTENCES[code] ?? FALLBACK;
}

/** With what the server says of this very case; a code of a newer server brings its own title. */
export function sentence(error: unknown): string {
  if (!(error instanceof ApiError)) return FALLBACK;
  if (LOCAL[error.code]) return LOCAL[error.code];
  const general = SENTENCES[error.code] ?? (error.title || FALLBACK);
  return error.detail ? `${general}。${error.detail}` : general;
}
