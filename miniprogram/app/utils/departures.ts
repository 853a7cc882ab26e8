/** A child that moved away or died, in the words of its family's pages: plain, and kind. */

import type { Child, Departure } from '../services/types';

export const DEPARTED: Record<Departure, string> = {
  moved: '已登记搬离本市，不再提醒和预约。',
  died: '不再提醒和预约，手册保留着。',
};

/** What is asked before it is said, and what is told afterwards. */
export const QUESTIONS: Record<Departure, { title: string; content: string; said: string }> = {
  moved: {
    title: '登记为搬离本市？',
    content:
      '不再提醒，已约的活动会取消，名额留给别的家庭。手册照常可看；搬回来时，在这里撤销就好。',
    said: '已登记，随时可以撤销',
  },
  died: {
    title: '请节哀',
    content: '确认后，不会再有任何提醒，已约的活动会取消。手册会一直保留，由你决定留或删。',
    said: '已登记',
  },
};

/** No age is counted on for a child that died. */
export function ageLine({ sex, age_text, departure }: Child): string {
  const word = sex === 'm' ? '男' : '女';
  return departure === 'died' ? word : `${word} · ${age_text}`;
}
