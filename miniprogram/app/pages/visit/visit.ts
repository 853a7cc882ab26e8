import { bookings, cancelBooking, centres } from '../../services/bookings';
import { codeOf } from '../../services/errors';
import { showOnMap } from '../../services/position';
import type { Booking, Centre } from '../../services/types';
import type { Visit } from '../../services/visit-types';
import { appeal, confirmAttendance, rate, reconfirm, visit } from '../../services/visits';
import { bookingView, isComing, type BookingView } from '../../utils/bookings';
import { placeOf, type Place } from '../../utils/centres';
import { cityDay } from '../../utils/dates';
import { pointOf } from '../../utils/distance';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { back, open } from '../../utils/navigation';
import { calendarEntry, calendarText, visitView, type VisitView } from '../../utils/visits';

const STARS = [1, 2, 3, 4, 5];

Page({
  data: {
    status: 'loading',
    message: '',
    id: 0,
    raw: null as Booking | null,
    booking: null as BookingView | null,
    visit: null as VisitView | null,
    centre: null as Centre | null,
    place: null as Place | null,
    stars: STARS,
    chosenStars: 0,
    words: '',
    appealWords: '',
    cancelling: false,
    /** Which of the acts is under way; empty when none is. */
    busy: '',
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ id: Number(query.id ?? 0) });
  },

  onShow() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    const { id, status } = this.data;
    if (status !== 'ready') this.setData({ status: 'loading' });
    try {
      const [all, found] = await Promise.all([bookings(), visit(id)]);
      const raw = all.find((one) => one.id === id) ?? null;
      if (!raw) {
        this.setData({ status: 'empty' });
        return;
      }
      this.setData({ raw, booking: bookingView(raw, cityDay(new Date())), status: 'ready' });
      this.draw(found);
      await this.loadPlace(raw);
    } catch (error) {
      if (codeOf(error) === 'not_found') this.setData({ status: 'empty' });
      else this.setData(failed(this.data.status, error));
    }
  },

  /** The way there only adds to the page, so its failure leaves it standing. */
  async loadPlace(booking: Booking) {
    const { centre_id: id, kind } = booking.slot;
    const all = isComing(booking) ? await centres().catch(() => []) : [];
    const centre = all.find((one) => one.id === id) ?? null;
    this.setData({ centre, place: centre && placeOf(centre, kind) });
  },

  draw(found: Visit) {
    const now = new Date();
    const view = visitView(found, cityDay(now), now);
    this.setData({ visit: view });
    if (!this.data.chosenStars) this.setData({ chosenStars: view.stars, words: view.words });
  },

  /** One act at a time; then the page shows what it has changed. */
  async act(name: string, run: () => Promise<unknown>, done: string) {
    if (this.data.busy) return;
    this.setData({ busy: name, problem: '' });
    try {
      await run();
      this.setData({ cancelling: false });
      wx.showToast({ title: done, icon: 'none' });
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: '' });
    }
    await this.load();
  },

  showPass() {
    open(`/pages/pass/pass?id=${this.data.id}`);
  },

  showWay() {
    const { centre } = this.data;
    const point = centre && pointOf(centre);
    if (centre && point) showOnMap(point, centre.name, centre.address);
  },

  call() {
    const phone = this.data.place?.phone;
    if (phone) wx.makePhoneCall({ phoneNumber: phone });
  },

  reconfirm() {
    return this.act('reconfirm', () => reconfirm(this.data.id), '好的，等你来');
  },

  confirmAttendance() {
    return this.act('confirm', () => confirmAttendance(this.data.id), '已确认到场');
  },

  typeAppeal(event: WechatMiniprogram.Input) {
    this.setData({ appealWords: event.detail.value });
  },

  appeal() {
    const { id, appealWords } = this.data;
    if (!appealWords.trim()) {
      this.setData({ problem: '请写一句当时的情况' });
      return undefined;
    }
    return this.act('appeal', () => appeal(id, appealWords.trim()), '申诉已提交');
  },

  chooseStars(event: WechatMiniprogram.TouchEvent) {
    this.setData({ chosenStars: Number(event.currentTarget.dataset.stars) });
  },

  typeWords(event: WechatMiniprogram.Input) {
    this.setData({ words: event.detail.value });
  },

  rate() {
    const { id, chosenStars, words } = this.data;
    if (!chosenStars) {
      this.setData({ problem: '请先点几颗星' });
      return undefined;
    }
    return this.act('rate', () => rate(id, chosenStars, words.trim()), '谢谢评价');
  },

  addToCalendar() {
    const { raw } = this.data;
    if (!raw) return;
    wx.addPhoneCalendar({
      ...calendarEntry(raw),
      success: () => wx.showToast({ title: '已加入日历', icon: 'none' }),
      // who refuses the calendar has the text to put wherever they like
      fail: ({ errMsg }) => {
        if (!errMsg.includes('cancel')) void wx.setClipboardData({ data: calendarText(raw) });
      },
    });
  },

  askCancel() {
    this.setData({ cancelling: true, problem: '' });
  },

  keep() {
    if (!this.data.busy) this.setData({ cancelling: false });
  },

  cancel() {
    return this.act('cancel', () => cancelBooking(this.data.id), '已取消');
  },

  bookAgain() {
    open('/pages/book/book');
  },

  finish() {
    back();
  },
});
