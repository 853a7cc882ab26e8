/** Following the city's 公众号, so that reminders come in WeChat itself. */

import { get, post, remove } from './http';

export type CodeState = 'waiting' | 'expired' | 'linked' | 'other_parent' | 'other_person';

export interface Following {
  /** The 公众号 to follow; null where there is none. */
  account_name: string | null;
  linked: boolean;
  following: boolean;
  code: { state: CodeState; expires_at: string } | null;
}

interface NewCode {
  qr_svg: string;
  expires_at: string;
}

export interface ShownCode {
  picture: string;
  expiresAt: string;
}

export function following(): Promise<Following> {
  return get<Following>('/me/following');
}

/** A code of WeChat's for ten minutes, as an address that `<image>` shows. */
export async function newFollowCode(): Promise<ShownCode> {
  const { qr_svg, expires_at } = await post<NewCode>('/me/following/codes');
  const picture = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(qr_svg)}`;
  return { picture, expiresAt: expires_at };
}

export async function stopFollowing(): Promise<void> {
  await remove('/me/following');
}
