/** The way out of a refusal, where there is one: its sentence says what to do, this opens the page. */

export interface WayOut {
  text: string;
  page: string;
}

const BOOKINGS: WayOut = { text: '看我的预约', page: '/pages/bookings/bookings' };
const CHILD: WayOut = { text: '修改宝宝资料', page: '/pages/child-form/child-form?id=' };
const CONSENT: WayOut = { text: '去读文件', page: '/pages/consent/consent' };

/** A page that ends in `=` is of the child. */
const WAYS: Record<string, WayOut> = {
  already_booked: BOOKINGS,
  already_waiting: BOOKINGS,
  too_many_open: BOOKINGS,
  too_many_lines: BOOKINGS,
  quota_used_up: BOOKINGS,
  booking_paused: { text: '看未到场的预约，可以申诉', page: BOOKINGS.page },
  not_home_cared: CHILD,
  other_town: CHILD,
  possible_duplicate: { text: '输入邀请码', page: '/pages/invite/invite' },
  consent_needed: CONSENT,
  consent_outdated: CONSENT,
  address_needed: { text: '填写上门地址', page: '/pages/address/address?child=' },
};

export function wayOut(code: string, childId: number): WayOut | null {
  const way = WAYS[code];
  if (!way) return null;
  return way.page.endsWith('=') ? { ...way, page: `${way.page}${childId}` } : way;
}
