/** What a family may see and do around one session, in words. */

import type { AppealState, Visit } from '../services/visit-types';
import type { Booking } from '../services/types';
import { dayOf, pointText, timeOf } from './dates';

export interface VisitView {
  paused: string;
  reconfirm: string;
  reconfirmed: string;
  /** The pass may be shown now. */
  passNow: boolean;
  passHint: string;
  came: string;
  mayConfirm: boolean;
  missed: string;
  mayAppeal: boolean;
  appeal: string;
  appealWords: string;
  appealAnswer: string;
  mayRate: boolean;
  stars: number;
  words: string;
}

const APPEALS: Record<AppealState, string> = {
  open: '申诉已收到，等中心答复。',
  granted: '申诉成立，这次不算未到场。',
  refused: '申诉没有成立。',
};

export function visitView(visit: Visit, today: string, now: Date): VisitView {
  const at = (iso: string | null) => (iso ? pointText(iso, today) : '');
  const passNow = visit.pass_from !== null && Date.parse(visit.pass_from) <= now.getTime();
  return {
    paused: visit.paused_until ? `因多次未到场，暂停预约到 ${at(visit.paused_until)}。` : '',
    reconfirm: at(visit.reconfirm_until),
    reconfirmed: visit.reconfirmed_at ? `${at(visit.reconfirmed_at)} 已再次确认会来。` : '',
    passNow,
    passHint: visit.pass_from && !passNow ? `${at(visit.pass_from)} 起可以出示。` : '',
    came: came(visit, at),
    mayConfirm: visit.may_confirm,
    missed: visit.state === 'missed' ? missed(visit) : '',
    mayAppeal: visit.may_appeal,
    appeal: visit.appeal_state ? APPEALS[visit.appeal_state] : '',
    appealWords: visit.appeal_words ?? '',
    appealAnswer: visit.appeal_answer ?? '',
    mayRate: visit.may_rate,
    stars: visit.stars ?? 0,
    words: visit.words ?? '',
  };
}

function came(visit: Visit, at: (iso: string | null) => string): string {
  if (visit.confirmed_at) return `${at(visit.confirmed_at)} 你确认到场。`;
  return visit.checked_in_at ? `${at(visit.checked_in_at)} 中心登记到场。` : '';
}

function missed({ number_given_back }: Visit): string {
  return number_given_back
    ? '这一次只作提醒，次数已经退回；再有未到场，就算用掉一次。'
    : '没有来也没有提前取消，这一次算用掉，不退回。';
}

/** What the phone's calendar wants: seconds, and where. */
export function calendarEntry({ slot }: Booking) {
  const seconds = (iso: string) => Math.floor(Date.parse(iso) / 1000);
  return {
    title: `${slot.title}（${slot.kind_title}）`,
    startTime: seconds(slot.starts_at),
    endTime: String(seconds(slot.ends_at)),
    location: slot.kind === 'home_visit' ? '上门' : slot.centre,
    description: '澄育预约。来不了请提前在小程序里取消。',
  };
}

/** For whoever refuses the calendar: the same as text. */
export function calendarText({ slot }: Booking): string {
  const when = `${dayOf(slot.starts_at)} ${timeOf(slot.starts_at)}–${timeOf(slot.ends_at)}`;
  return `${slot.title}（${slot.kind_title}）\n${when}\n${slot.centre}`;
}
