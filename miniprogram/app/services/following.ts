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

export interface FollowCode {
  /** A data: address that `<image>` shows. */
  picture: string;
  expires_at: string;
}

export function following(): Promise<Following> {
  return get<Following>('/me/following');
}

/** A code of WeChat's for ten minutes. */
export function newFollowCode(): Promise<FollowCode> {
  return post<FollowCode>('/me/following/codes');
}

export async function stopFollowing(): Promise<void> {
  await remove('/me/following');
}
