import { bookings, cancelBooking } from '../../services/bookings';
import { newKey } from '../../services/http';
import type { Booking } from '../../services/types';
import type { Waiting } from '../../services/visit-types';
import { acceptOffer, leaveLine, lines } from '../../services/waiting';
import { bookingView, isComing, type BookingView } from '../../utils/bookings';
import { cityDay } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { waitingView, type WaitingView } from '../../utils/waiting';

const TICK_MS = 1000;
let ticking = 0;
/** A repeated tap on one offer must not become two answers. */
const keys = new Map<number, string>();

Page({
  data: {
    status: 'loading',
    message: '',
    /** The booking a message led to. */
    wanted: 0,
    /** The place in line a message led to. */
    wantedLine: 0,
    /** It is not there any more. */
    gone: false,
    entries: [] as Waiting[],
    lines: [] as WaitingView[],
    accepting: 0,
    lineProblem: '',
    coming: [] as BookingView[],
    earlier: [] as BookingView[],
    cancelling: null as BookingView | null,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ wanted: Number(query.id ?? 0), wantedLine: Number(query.waiting ?? 0) });
  },

  onShow() {
    clearInterval(ticking);
    ticking = setInterval(() => this.tick(), TICK_MS);
    return this.load();
  },

  onHide() {
    clearInterval(ticking);
  },

  onUnload() {
    clearInterval(ticking);
  },

  /** Only an offer counts down. */
  tick() {
    if (this.data.entries.some((entry) => entry.state === 'offered')) this.drawLines();
  },

  drawLines() {
    const now = new Date();
    const today = cityDay(now);
    const views = this.data.entries.map((entry) => waitingView(entry, today, now));
    this.setData({ lines: views });
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const [all, entries] = await Promise.all([bookings(), lines()]);
      const { wantedLine } = this.data;
      const gone = wantedLine > 0 && !entries.some((entry) => entry.id === wantedLine);
      const something = all.length + entries.length > 0 || gone;
      this.setData({ ...split(all), entries, gone, status: something ? 'ready' : 'empty' });
      this.drawLines();
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  askCancel(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    const cancelling = this.data.coming.find((booking) => booking.id === event.detail.id) ?? null;
    this.setData({ cancelling, problem: '' });
  },

  keep() {
    if (!this.data.busy) this.setData({ cancelling: null });
  },

  async cancel() {
    const { cancelling, busy } = this.data;
    if (!cancelling || busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      await cancelBooking(cancelling.id);
      this.setData({ cancelling: null });
      wx.showToast({ title: '已取消', icon: 'none' });
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
    await this.load();
  },

  async accept(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    const { id } = event.detail;
    if (this.data.accepting) return;
    this.setData({ accepting: id, lineProblem: '' });
    const key = keys.get(id) ?? newKey();
    keys.set(id, key);
    try {
      const booking = await acceptOffer(id, key);
      this.setData({ wanted: booking.id, wantedLine: 0 });
      wx.showToast({ title: '已接受，预约已确认', icon: 'none' });
    } catch (error) {
      this.setData({ lineProblem: sentence(error) });
      // what is then no longer in line is explained by this sentence
      this.setData({ wantedLine: 0 });
    } finally {
      this.setData({ accepting: 0 });
    }
    await this.load();
  },

  async leave(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    const answer = await wx.showModal({
      title: '退出候补？',
      content: '退出后要重新从队尾排起；留着的名额会转给下一个家庭。',
      confirmText: '退出',
      cancelText: '继续候补',
    });
    if (!answer.confirm) return;
    try {
      await leaveLine(event.detail.id);
      this.setData({ wantedLine: 0, lineProblem: '' });
    } catch (error) {
      this.setData({ lineProblem: sentence(error) });
    }
    await this.load();
  },

  goBook() {
    open('/pages/book/book');
  },
});

function split(all: Booking[]) {
  const today = cityDay(new Date());
  const inOrder = [...all].sort((a, b) => (a.slot.starts_at < b.slot.starts_at ? -1 : 1));
  return {
    coming: inOrder.filter(isComing).map((booking) => bookingView(booking, today)),
    earlier: inOrder
      .filter((booking) => !isComing(booking))
      .reverse()
      .map((booking) => bookingView(booking, today)),
  };
}
