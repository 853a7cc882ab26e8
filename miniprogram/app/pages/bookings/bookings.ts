import { bookings, cancelBooking } from '../../services/bookings';
import type { Booking } from '../../services/types';
import { bookingView, isComing, type BookingView } from '../../utils/bookings';
import { cityDay } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

Page({
  data: {
    status: 'loading',
    message: '',
    /** The booking a message led to. */
    wanted: 0,
    coming: [] as BookingView[],
    earlier: [] as BookingView[],
    cancelling: null as BookingView | null,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ wanted: Number(query.id ?? 0) });
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
    try {
      const all = await bookings();
      this.setData({ ...split(all), status: all.length ? 'ready' : 'empty' });
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
