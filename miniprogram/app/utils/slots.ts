/** Slots as the booking page shows them. */

import type { Slot, SlotKind } from '../services/types';
import type { Waiting } from '../services/visit-types';
import { dayOf, dayTitle, mondayOf, timeOf, timeRange, weekTitle } from './dates';
import { sentenceOf } from './messages';

export interface SlotView {
  id: number;
  title: string;
  kindTitle: string;
  from: string;
  to: string;
  ages: string;
  places: string;
  bookable: boolean;
  /** Full, but one may stand in line, or does already. */
  waitable: boolean;
  why: string;
  /** What a tap does, in two words; empty when it does nothing. */
  go: string;
  tone: string;
  label: string;
}

export interface SlotDay {
  day: string;
  title: string;
  /** 本周, 下周 … on the first day of a week, else empty. */
  week: string;
  slots: SlotView[];
}

export const KINDS: { kind: SlotKind; title: string }[] = [
  { kind: 'home_visit', title: '入户指导' },
  { kind: 'activity', title: '亲子活动' },
  { kind: 'class', title: '家长课堂' },
  { kind: 'consultation', title: '专家咨询' },
];

/** A row of the list has place for a few words; the whole sentence is said when it matters. */
const SHORT: Record<string, string> = {
  already_booked: '已经约了这一场',
  slot_full: '约满了',
  slot_closed: '停止预约',
  not_open_yet: '还没开放预约',
  quota_used_up: '这一年的六次已约完',
  too_old: '超过适合的月龄',
  too_young: '还没到适合的月龄',
  held_for_priority: '余下名额暂留给优先家庭',
  other_town: '只服务本街镇的家庭',
  too_many_open: '手上的预约已满',
  booking_paused: '暂停预约',
  slot_cancelled: '已取消',
};
const GOOD = ['already_booked'];
export const WAITABLE = ['slot_full', 'held_for_priority'];
const OTHER_AGE = ['too_old', 'too_young'];

/** 6–12 月龄, in years where both ends are whole years from two on. */
export function ageRange(fromMonths: number, toMonths: number): string {
  const years = fromMonths >= 24 && fromMonths % 12 === 0 && toMonths % 12 === 0;
  return years ? `${fromMonths / 12}–${toMonths / 12} 岁` : `${fromMonths}–${toMonths} 月龄`;
}

export function isForOtherAge(slot: Slot): boolean {
  return !slot.bookable && OTHER_AGE.includes(slot.reason ?? '');
}

function view(slot: Slot, today: string, line?: Waiting): SlotView {
  const reason = slot.reason ?? 'slot_closed';
  const why = slot.bookable ? '' : standing(line) || (SHORT[reason] ?? sentenceOf(reason));
  const places = `还有 ${slot.capacity - slot.taken} 个名额`;
  const when = `${dayTitle(slot.starts_at, today)} ${timeRange(slot.starts_at, slot.ends_at)}`;
  const waitable = !slot.bookable && WAITABLE.includes(reason);
  const go = slot.bookable ? '预约' : waitable ? (line ? '查看' : '候补') : '';
  return {
    id: slot.id,
    title: slot.title,
    kindTitle: slot.kind_title,
    from: timeOf(slot.starts_at),
    to: timeOf(slot.ends_at),
    ages: ageRange(slot.age_from_months, slot.age_to_months),
    places,
    bookable: slot.bookable,
    waitable,
    why,
    go,
    tone: line || GOOD.includes(reason) ? 'good' : '',
    label: `${go || '不可约'}：${when} ${slot.title}，${why || places}`,
  };
}

function standing(line?: Waiting): string {
  if (!line) return '';
  if (line.state === 'offered') return '候补有名额了，等你接受';
  return line.position ? `候补中，第 ${line.position} 位` : '候补中';
}

/** `lines`: where the child stands in line. */
export function byDay(slots: Slot[], today: string, lines: Waiting[] = []): SlotDay[] {
  const waiting = new Map(lines.map((line) => [line.slot_id, line]));
  const days = new Map<string, SlotView[]>();
  const inOrder = [...slots].sort((a, b) => (a.starts_at < b.starts_at ? -1 : 1));
  for (const slot of inOrder) {
    const day = dayOf(slot.starts_at);
    days.set(day, [...(days.get(day) ?? []), view(slot, today, waiting.get(slot.id))]);
  }
  let monday = '';
  return [...days].map(([day, views]) => {
    const begins = mondayOf(day) !== monday;
    monday = mondayOf(day);
    const week = begins ? weekTitle(day, today) : '';
    return { day, title: dayTitle(day, today), week, slots: views };
  });
}
