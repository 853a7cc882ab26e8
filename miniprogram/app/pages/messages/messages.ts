import { markRead, messages, subscriptions } from '../../services/messages';
import type { Message, Subscriptions, WeChatState } from '../../services/types';
import { cityDay, momentText } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { waysInShort } from '../../utils/permissions';

interface MessageView {
  id: number;
  title: string;
  body: string;
  page: string;
  when: string;
  fresh: boolean;
  wechat: string;
  label: string;
}

const WECHAT: Record<WeChatState, string> = {
  sent: '已发到微信',
  waiting: '稍后发到微信',
  in_app: '只在这里，没有发到微信',
  unknown: '微信里可能没有收到',
  failed: '没能发到微信',
};

/** There is no WeChat template for these, so nothing about WeChat is said. */
const IN_APP_BY_DESIGN = [
  'booking_requested',
  'attendance_confirm',
  'booking_missed',
  'appeal_answered',
  'waiting_expired',
  'waiting_closed',
  'waiting_cancelled',
  'request_restored',
  'waiting_restored',
];
/** These ask for something that is done on the booking's own page, not in the list. */
const OF_ONE_VISIT = [
  'booking_reconfirm',
  'attendance_confirm',
  'booking_missed',
  'appeal_answered',
];

Page({
  data: {
    status: 'loading',
    message: '',
    list: [] as MessageView[],
    next: '',
    loadingMore: false,
    /** What will come in WeChat; null when it could not be read. */
    subscriptions: null as Subscriptions | null,
    ways: '',
    showWays: false,
  },

  onLoad() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      // drawn by one step: what comes later would push down what is being read
      const [{ items, next }, left] = await Promise.all([
        messages(),
        subscriptions().catch(() => null),
      ]);
      this.setData({ list: items.map(view), next: next ?? '' });
      this.showSubscriptions(left);
      this.setData({ status: items.length ? 'ready' : 'empty' });
      await readAll(items);
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  /** Has a line of its own to say that it failed, which the messages need not wait for. */
  async reloadWays() {
    this.showSubscriptions(await subscriptions().catch(() => null));
  },

  showSubscriptions(left: Subscriptions | null) {
    this.setData({ subscriptions: left, ways: left ? waysInShort(left) : '' });
  },

  toggleWays() {
    this.setData({ showWays: !this.data.showWays });
  },

  answered(event: WechatMiniprogram.CustomEvent<Subscriptions>) {
    this.showSubscriptions(event.detail);
  },

  follow() {
    open('/pages/follow/follow');
  },

  async onReachBottom() {
    if (!this.data.next || this.data.loadingMore) return;
    this.setData({ loadingMore: true });
    try {
      const { items, next } = await messages(this.data.next);
      this.setData({ list: [...this.data.list, ...items.map(view)], next: next ?? '' });
      await readAll(items);
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
    } finally {
      this.setData({ loadingMore: false });
    }
  },

  openMessage(event: WechatMiniprogram.TouchEvent) {
    const page = String(event.currentTarget.dataset.page);
    if (page) open(page);
  },

  goHandbook() {
    open('/pages/handbook/handbook');
  },
});

function view(message: Message): MessageView {
  const fresh = message.read_at === null;
  return {
    id: message.id,
    title: message.title,
    body: message.body,
    page: pageOf(message),
    when: momentText(message.created_at, cityDay(new Date())),
    fresh,
    wechat: IN_APP_BY_DESIGN.includes(message.kind) ? '' : WECHAT[message.wechat],
    label: `${fresh ? '未读：' : ''}${message.title}，${message.body}`,
  };
}

function pageOf({ kind, page }: Message): string {
  const path = page ?? '';
  return OF_ONE_VISIT.includes(kind) ? path.replace('bookings/bookings', 'visit/visit') : path;
}

/** What is on the screen counts as read; the mark 新 stays until the list is opened again. */
async function readAll(items: Message[]): Promise<void> {
  const ids = items.filter((message) => message.read_at === null).map((message) => message.id);
  // offline the copy on the phone is shown; it is marked as read when the service can be reached
  if (ids.length) await markRead(ids).catch(() => undefined);
}
