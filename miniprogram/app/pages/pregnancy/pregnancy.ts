import { askToSubscribe, subscriptions } from '../../services/messages';
import {
  checkupDone,
  endPregnancy,
  exportPregnancies,
  pregnancy,
  restorePregnancy,
  undoCheckup,
} from '../../services/pregnancy';
import type { Help, Pregnancy } from '../../services/pregnancy-types';
import type { SubscriptionTemplate } from '../../services/types';
import { attempt } from '../../utils/attempts';
import { timeOf } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { offeredAt } from '../../utils/permissions';
import {
  checkupView,
  headline,
  sourcesOf,
  wayText,
  windowText,
  type CheckupView,
  type Headline,
} from '../../utils/pregnancy';

const EMERGENCY = '120';
const NOTHING = {
  head: null,
  way: '',
  checkups: [] as CheckupView[],
  following: null,
  card: null,
  windows: [] as string[],
  movements: '',
  overdue: '',
  weighed: '',
  counted: '',
};

Page({
  data: {
    status: 'loading',
    message: '',
    state: 'none' as Pregnancy['state'],
    agreed: false,
    opener: false,
    shared: false,
    head: null as Headline | null,
    way: '',
    following: null as CheckupView | null,
    checkups: [] as CheckupView[],
    /** Which check-up stands open; the list is short without its contents. */
    opened: '',
    card: null as { slug: string; title: string; summary: string } | null,
    windows: [] as string[],
    movements: '',
    overdue: '',
    danger: { action: '', signs: [] as string[], source: '', card: '' },
    showDanger: false,
    help: [] as Help[],
    restoreUntil: '',
    today: '',
    disclaimer: '',
    sources: [] as string[],
    reminders: [] as SubscriptionTemplate[],
    weighed: '',
    counted: '',
    busy: false,
    problem: '',
  },

  onShow() {
    return this.load();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      this.draw(await pregnancy());
      this.setData({ status: 'ready' });
      await this.loadReminders();
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  draw(found: Pregnancy) {
    const { danger } = found;
    this.setData({
      state: found.state,
      agreed: found.agreed,
      opener: found.opener,
      shared: found.shared,
      today: found.today,
      disclaimer: found.disclaimer,
      help: found.help,
      restoreUntil: found.restore_until ? timeOf(found.restore_until) : '',
      danger: {
        action: danger.action,
        signs: danger.signs,
        source: danger.source,
        card: danger.card_slug ?? '',
      },
      sources: sourcesOf(found),
      ...opened(found),
    });
  },

  /** The row about WeChat only adds to the page, so its failure leaves it standing. */
  async loadReminders() {
    if (this.data.state !== 'open') return;
    const reminders = await subscriptions().then(
      ({ templates }) => offeredAt('pregnancy', templates),
      () => [],
    );
    this.setData({ reminders });
  },

  async remind() {
    try {
      const accepted = await askToSubscribe(this.data.reminders);
      wx.showToast({ title: accepted ? '好的，到时提醒你' : '没有订阅', icon: 'none' });
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
    }
  },

  readText() {
    open('/pages/consent/consent?ask=pregnancy');
  },

  share() {
    open('/pages/pregnancy-share/pregnancy-share');
  },

  begin() {
    open('/pages/pregnancy-dates/pregnancy-dates');
  },

  move() {
    open('/pages/pregnancy-dates/pregnancy-dates?move=1');
  },

  writeDown() {
    open('/pages/pregnancy-diary/pregnancy-diary');
  },

  born() {
    open('/pages/pregnancy-birth/pregnancy-birth');
  },

  toHandbook() {
    open('/pages/handbook/handbook');
  },

  readCard() {
    open(`/pages/guide/guide?slug=${this.data.card?.slug ?? ''}`);
  },

  readDanger() {
    open(`/pages/guide/guide?slug=${this.data.danger.card}`);
  },

  openDanger() {
    this.setData({ showDanger: true });
  },

  closeDanger() {
    this.setData({ showDanger: false });
  },

  call(event: WechatMiniprogram.TouchEvent) {
    const number = String(event.currentTarget.dataset.number);
    wx.makePhoneCall({ phoneNumber: number });
  },

  callEmergency() {
    wx.makePhoneCall({ phoneNumber: EMERGENCY });
  },

  unfold(event: WechatMiniprogram.TouchEvent) {
    const id = String(event.currentTarget.dataset.id);
    this.setData({ opened: this.data.opened === id ? '' : id });
  },

  done(event: WechatMiniprogram.PickerChange) {
    const id = String(event.currentTarget.dataset.id);
    return this.change(() => checkupDone(id, String(event.detail.value)));
  },

  undo(event: WechatMiniprogram.TouchEvent) {
    const id = String(event.currentTarget.dataset.id);
    return this.change(() => undoCheckup(id));
  },

  /** One tap and no question: what is said cannot be wrong, and can be taken back for a while. */
  end() {
    return this.change(endPregnancy);
  },

  restore() {
    return this.change(restorePregnancy);
  },

  async change(write: () => Promise<Pregnancy>) {
    await attempt(this, async () => {
      const before = this.data.state;
      this.draw(await write());
      if (this.data.state !== before) wx.pageScrollTo({ scrollTop: 0, duration: 0 });
    });
  },

  async exportAll() {
    try {
      await wx.setClipboardData({ data: JSON.stringify(await exportPregnancies(), null, 2) });
    } catch (error) {
      this.setData({ problem: sentence(error) });
    }
  },
});

/** What is only there while a pregnancy is open; empty otherwise, so that nothing stays behind. */
function opened({ pregnancy: found, today }: Pregnancy) {
  if (!found) return NOTHING;
  const checkups = found.checkups.map((one) => checkupView(one, today));
  const latest = found.weights[found.weights.length - 1];
  const [counted] = found.movements;
  return {
    head: headline(found),
    way: wayText(found),
    checkups,
    following: checkups.find(({ id }) => id === found.following) ?? null,
    card: found.card,
    windows: found.windows.map(windowText),
    movements: found.count_movements ? windowText(found.count_movements) : '',
    overdue: found.overdue ? windowText(found.overdue) : '',
    weighed: latest ? `最近一次 ${latest.kg} 公斤` : '还没有记',
    counted: counted ? `最近一次 ${counted.count} 次` : '还没有记',
  };
}
