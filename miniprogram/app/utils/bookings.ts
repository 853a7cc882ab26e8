/** Bookings as the parent reads them. */

import type { Booking, BookingState } from '../services/types';
import { dayTitle, timeRange } from './dates';

export interface BookingView {
  id: number;
  stateText: string;
  tone: string;
  number: string;
  /** 11月25日 周三 · 后天 */
  day: string;
  time: string;
  title: string;
  kindTitle: string;
  centre: string;
  childName: string;
  hint: string;
  /** There is a pass, or will be shortly before the start. */
  hasPass: boolean;
  mayCancel: boolean;
  /** Called off, by whomever: the family may want another time. */
  calledOff: boolean;
  /** What cancelling now does to the six of the year. */
  cancelText: string;
}

const STATES: Record<BookingState, { text: string; tone: string; hint: string }> = {
  requested: { text: '等待中心确认', tone: 'pill-warn', hint: '' },
  confirmed: { text: '已确认', tone: 'pill-good', hint: '' },
  declined: { text: '中心未能安排', tone: '', hint: '这一次没有占用今年的次数。' },
  attended: { text: '已参加', tone: 'pill-good', hint: '' },
  missed: { text: '未到场', tone: 'pill-warn', hint: '' },
  cancelled_by_family: { text: '已取消', tone: '', hint: '' },
  cancelled_by_centre: { text: '中心已取消', tone: 'pill-warn', hint: '' },
};

export function isComing(booking: Booking): boolean {
  return booking.state === 'requested' || booking.state === 'confirmed';
}

const CALLED_OFF: BookingState[] = ['declined', 'cancelled_by_family', 'cancelled_by_centre'];

function hintOf(booking: Booking): string {
  const { hint } = STATES[booking.state];
  const gaveBack = booking.state.startsWith('cancelled') && booking.quota_number === null;
  const parts = [
    booking.reason ? `中心说明：${booking.reason}` : '',
    gaveBack ? '次数已经退回。' : '',
    booking.state === 'declined' && booking.quota_number !== null ? '' : hint,
  ];
  return parts.filter(Boolean).join('\n');
}

export function bookingView(booking: Booking, today: string): BookingView {
  const { slot, quota_number: number } = booking;
  const { text, tone } = STATES[booking.state];
  return {
    id: booking.id,
    stateText: text,
    tone,
    number: number === null ? '' : `${booking.quota_year} 年第 ${number} 次`,
    day: dayTitle(slot.starts_at, today),
    time: timeRange(slot.starts_at, slot.ends_at),
    title: slot.title,
    kindTitle: slot.kind_title,
    centre: slot.centre,
    childName: booking.child_name,
    hint: hintOf(booking),
    hasPass: booking.state === 'confirmed',
    mayCancel: booking.may_cancel,
    calledOff: CALLED_OFF.includes(booking.state),
    cancelText: cancelText(booking),
  };
}

function cancelText(booking: Booking): string {
  if (booking.quota_number === null) return '取消后，名额会让给别的家庭。';
  return booking.cancel_keeps_number
    ? `离开始太近了：现在取消，${booking.quota_year} 年的这一次仍算用掉，不会退回。`
    : `现在取消，这一次会退回，${booking.quota_year} 年还可以再约。`;
}
