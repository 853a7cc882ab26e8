import { bookings } from '../../services/bookings';
import { codeOf } from '../../services/errors';
import { pass, passPicture } from '../../services/visits';
import { bookingView, type BookingView } from '../../utils/bookings';
import { cityDay, timeLeft } from '../../utils/dates';
import { sentence } from '../../utils/messages';
import { back } from '../../utils/navigation';

const TICK_MS = 1000;
/** A new code before the old one ends, and not more often than this. */
const AHEAD_MS = 60_000;
const PAUSE_MS = 20_000;

let ticking = 0;
let asked = 0;

Page({
  data: {
    status: 'loading',
    message: '',
    id: 0,
    booking: null as BookingView | null,
    picture: '',
    code: '',
    /** The eight letters apart, for a screen reader. */
    spelt: '',
    expiresAt: '',
    left: '',
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ id: Number(query.id ?? 0) });
  },

  onShow() {
    wx.setKeepScreenOn({ keepScreenOn: true });
    clearInterval(ticking);
    ticking = setInterval(() => this.tick(), TICK_MS);
    return this.load();
  },

  onHide() {
    this.rest();
  },

  onUnload() {
    this.rest();
  },

  rest() {
    clearInterval(ticking);
    wx.setKeepScreenOn({ keepScreenOn: false });
  },

  async load() {
    const { id, status } = this.data;
    asked = Date.now();
    if (status !== 'ready') this.setData({ status: 'loading' });
    try {
      const [fresh, picture, all] = await Promise.all([pass(id), passPicture(id), bookings()]);
      const found = all.find((one) => one.id === id);
      this.setData({
        picture,
        code: `${fresh.short_code.slice(0, 4)} ${fresh.short_code.slice(4)}`,
        spelt: fresh.short_code.split('').join(' '),
        expiresAt: fresh.expires_at,
        booking: found ? bookingView(found, cityDay(new Date())) : null,
        problem: '',
        status: 'ready',
      });
      this.tick();
    } catch (error) {
      // an old code may still be good, so it stays in sight
      const message = sentence(error);
      if (this.data.status === 'ready') this.setData({ problem: message });
      else this.setData({ status: hasNone(error) ? 'empty' : 'error', message });
    }
  },

  tick() {
    const { expiresAt, status } = this.data;
    if (status !== 'ready') return;
    const now = Date.now();
    this.setData({ left: timeLeft(expiresAt, new Date(now)) });
    const due = Date.parse(expiresAt) - now < AHEAD_MS;
    if (due && now - asked > PAUSE_MS) void this.load();
  },

  finish() {
    back();
  },
});

/** The booking is not confirmed yet, or over: loading again would change nothing. */
function hasNone(error: unknown): boolean {
  return codeOf(error) === 'pass_not_usable';
}
