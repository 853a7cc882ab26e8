import { bookings, quota } from '../../services/bookings';
import { guides } from '../../services/guides';
import { handbook } from '../../services/handbook';
import { knownMarks, marks } from '../../services/marks';
import { messages } from '../../services/messages';
import { children, chooseChild, chosenChild } from '../../services/people';
import { pregnancy } from '../../services/pregnancy';
import type { GuideSummary, Marks } from '../../services/library-types';
import type { Booking, Child, Messages, Quota } from '../../services/types';
import { bookingView, isComing, type BookingView } from '../../utils/bookings';
import { cityDay, dayText, weekday } from '../../utils/dates';
import { noBooking } from '../../utils/eligibility';
import { failed } from '../../utils/failures';
import { lateCount, nextThings, type ItemView } from '../../utils/handbook';
import { open } from '../../utils/navigation';
import { pieceView, type PieceView } from '../../utils/pieces';
import { headline, type Headline } from '../../utils/pregnancy';

/** Answers for the child chosen before must not overwrite those for the one chosen now. */
let turn = 0;

const MOST_THINGS = 3;
const MOST_GUIDES = 3;
const NO_MESSAGES: Messages = { items: [], next: null, unread: 0 };

Page({
  data: {
    status: 'loading',
    message: '',
    children: [] as Child[],
    child: null as Child | null,
    date: '',
    things: [] as ItemView[],
    late: 0,
    guides: [] as PieceView[],
    quota: null as Quota | null,
    /** Why this child may not book; empty when it may. */
    noBooking: '',
    coming: null as BookingView | null,
    /** Of a parent without a child yet: how far the pregnancy is. */
    expecting: null as Headline | null,
    unread: 0,
  },

  onShow() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    const mine = ++turn;
    try {
      const all = await children();
      const child = chosenChild(all);
      const shown = child ? await today(child) : await welcome();
      if (mine === turn) this.setData({ children: all, child, ...shown, status: 'ready' });
    } catch (error) {
      if (mine === turn) this.setData(failed(this.data.status, error));
    }
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    this.setData({ status: 'loading' });
    return this.load();
  },

  openItem(event: WechatMiniprogram.CustomEvent<{ id: string }>) {
    open(`/pages/item/item?id=${encodeURIComponent(event.detail.id)}`);
  },

  openPiece(event: WechatMiniprogram.CustomEvent<{ url: string }>) {
    open(event.detail.url);
  },

  go(event: WechatMiniprogram.TouchEvent) {
    open(String(event.currentTarget.dataset.page));
  },

  register() {
    open('/pages/child-form/child-form');
  },

  enterCode() {
    open('/pages/invite/invite');
  },

  openPregnancy() {
    open('/pages/pregnancy/pregnancy');
  },

  goBook() {
    open('/pages/book/book');
  },
});

function dateLine(day: string): string {
  return `${dayText(day, day)} ${weekday(day)}`;
}

function first(list: GuideSummary[], marked: Marks): PieceView[] {
  return list.slice(0, MOST_GUIDES).map((guide) => pieceView(guide, marked));
}

/** Without a child there is still something to read, and perhaps one on its way. */
async function welcome() {
  const [list, expected, inbox] = await Promise.all([
    guides(),
    pregnancy().catch(() => null),
    messages().catch(() => NO_MESSAGES),
  ]);
  return {
    date: dateLine(cityDay(new Date())),
    guides: first(list, knownMarks()),
    expecting: expected?.pregnancy ? headline(expected.pregnancy) : null,
    unread: inbox.unread,
  };
}

/** What was said of bookings and messages only adds to the page: without it the page stands. */
async function today(child: Child) {
  const [book, left, list, inbox, mine, marked] = await Promise.all([
    handbook(child.id),
    child.may_book ? quota(child.id).catch(() => null) : null,
    guides({ ageDays: child.age_days }),
    messages().catch(() => NO_MESSAGES),
    bookings().catch((): Booking[] => []),
    marks(),
  ]);
  const coming = mine
    .filter((booking) => booking.child_id === child.id && isComing(booking))
    .sort((a, b) => (a.slot.starts_at < b.slot.starts_at ? -1 : 1))[0];
  return {
    date: dateLine(book.today),
    things: nextThings(book.items, book.today, MOST_THINGS),
    late: lateCount(book.items),
    guides: first(list, marked),
    quota: left,
    noBooking: noBooking(child)?.text ?? '',
    coming: coming ? bookingView(coming, book.today) : null,
    unread: inbox.unread,
  };
}
