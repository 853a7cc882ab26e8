/** Places in line as the parent reads them. */

import type { Waiting } from '../services/visit-types';
import { dayTitle, pointText, timeLeft, timeRange } from './dates';

export interface WaitingView {
  id: number;
  stateText: string;
  tone: string;
  day: string;
  time: string;
  title: string;
  kindTitle: string;
  centre: string;
  childName: string;
  hint: string;
  mayAccept: boolean;
  offered: boolean;
  label: string;
}

export function waitingView(entry: Waiting, today: string, now: Date): WaitingView {
  const { slot } = entry;
  const day = dayTitle(slot.starts_at, today);
  const time = timeRange(slot.starts_at, slot.ends_at);
  return {
    id: entry.id,
    ...standing(entry, today, now),
    day,
    time,
    title: slot.title,
    kindTitle: slot.kind_title,
    centre: slot.centre,
    childName: entry.child_name,
    label: `${day} ${time} ${slot.title}`,
  };
}

function standing(entry: Waiting, today: string, now: Date) {
  const until = entry.offer_until;
  if (entry.state !== 'offered' || !until) {
    const place = entry.position ? `候补第 ${entry.position} 位` : '候补中';
    const hint = '有名额时会发消息给你，请在消息写明的时间前接受。候补不占用今年的次数。';
    return { stateText: place, tone: 'pill-accent', hint, mayAccept: false, offered: false };
  }
  const left = timeLeft(until, now);
  if (!left || !entry.may_accept) {
    const hint = '接受的时间过了，名额转给下一个家庭。没有占用今年的次数。';
    return { stateText: '已过时', tone: '', hint, mayAccept: false, offered: true };
  }
  const hint = `给你留着名额，请在 ${pointText(until, today)} 前接受，还有 ${left}。`;
  return { stateText: '有名额了', tone: 'pill-good', hint, mayAccept: true, offered: true };
}
