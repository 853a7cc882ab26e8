import { screenings } from '../../services/clinic';
import type { Attention } from '../../services/clinic-types';
import { handbook } from '../../services/handbook';
import { askToSubscribe, subscriptions } from '../../services/messages';
import { chooseChild } from '../../services/people';
import type { Child, HandbookItem, ItemKind, SubscriptionTemplate } from '../../services/types';
import { childLoader, type Current } from '../../utils/child-loader';
import { FIRST_FEW, grouped, type ItemGroup } from '../../utils/handbook';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

/** Our name of the template by which the handbook reminds in WeChat. */
const REMINDER = 'handbook_reminder';
/** And of what the town or the city writes; asked for in the same question. */
const CAMPAIGN = 'campaign';

const KINDS: { kind: ItemKind | ''; title: string }[] = [
  { kind: '', title: '全部' },
  { kind: 'checkup', title: '体检' },
  { kind: 'vaccine', title: '接种' },
  { kind: 'guide', title: '指南' },
];

const loader = childLoader();

interface ShownGroup extends ItemGroup {
  /** What the line below a shortened group says; empty when all is shown. */
  moreText: string;
}

Page({
  data: {
    status: 'loading',
    message: '',
    children: [] as Child[],
    child: null as Child | null,
    items: [] as HandbookItem[],
    today: '',
    disclaimer: '',
    kinds: KINDS,
    kind: '' as ItemKind | '',
    opened: [] as string[],
    groups: [] as ShownGroup[],
    reminder: null as SubscriptionTemplate | null,
    campaigns: [] as SubscriptionTemplate[],
    attention: null as Attention | null,
  },

  onLoad(query: Record<string, string | undefined>) {
    // a message may be about another child than the one chosen last
    if (Number(query.child)) chooseChild(Number(query.child));
  },

  onShow() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  load() {
    return loader.load(this, async (child, all, isCurrent) => {
      const { items, today, disclaimer } = await handbook(child.id);
      if (!isCurrent()) return;
      this.setData({ children: all, child, items, today, disclaimer, status: 'ready' });
      this.draw();
      await Promise.all([this.loadReminder(), this.loadAttention(child.id, isCurrent)]);
    });
  },

  /** The row about WeChat only adds to the page, so its failure leaves it standing. */
  async loadReminder() {
    const templates = await subscriptions().then(
      (answer) => answer.templates,
      () => [],
    );
    this.setData({
      reminder: templates.find(({ name }) => name === REMINDER) ?? null,
      campaigns: templates.filter(({ name }) => name === CAMPAIGN),
    });
  },

  /** So does the hint about a screening. */
  async loadAttention(childId: number, isCurrent: Current) {
    const attention = await screenings(childId).then(
      (answer) => answer.attention,
      () => null,
    );
    if (isCurrent()) this.setData({ attention });
  },

  async remind() {
    const { reminder, campaigns } = this.data;
    if (!reminder) return;
    try {
      const accepted = await askToSubscribe([reminder, ...campaigns]);
      wx.showToast({ title: accepted ? '好的，到时提醒你' : '没有订阅', icon: 'none' });
      await this.loadReminder();
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
    }
  },

  draw() {
    const { items, today, kind, opened } = this.data;
    // of a child that died only what was done is shown: nothing is to come and nothing is late
    const kept = this.data.child?.departure === 'died' ? items.filter((one) => one.done_on) : items;
    const wanted = kind ? kept.filter((item) => item.kind === kind) : kept;
    this.setData({ groups: grouped(wanted, today).map((group) => shown(group, opened)) });
  },

  toggle(event: WechatMiniprogram.TouchEvent) {
    const name = String(event.currentTarget.dataset.name);
    const { opened } = this.data;
    const now = opened.includes(name)
      ? opened.filter((other) => other !== name)
      : [...opened, name];
    this.setData({ opened: now });
    this.draw();
  },

  chooseKind(event: WechatMiniprogram.TouchEvent) {
    this.setData({ kind: event.currentTarget.dataset.kind as ItemKind | '' });
    this.draw();
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    this.setData({ status: 'loading', opened: [] });
    return this.load();
  },

  openDoor(event: WechatMiniprogram.TouchEvent) {
    const page = String(event.currentTarget.dataset.page);
    open(`/pages/${page}/${page}`);
  },

  openItem(event: WechatMiniprogram.CustomEvent<{ id: string }>) {
    open(`/pages/item/item?id=${encodeURIComponent(event.detail.id)}`);
  },

  openPregnancy() {
    open('/pages/pregnancy/pregnancy');
  },

  openGrowth() {
    open('/pages/growth/growth');
  },

  openVaccines() {
    open('/pages/vaccines/vaccines');
  },

  register() {
    open('/pages/child-form/child-form');
  },
});

function shown(group: ItemGroup, opened: string[]): ShownGroup {
  if (opened.includes(group.name)) {
    return { ...group, folded: false, moreText: group.count > FIRST_FEW ? '收起' : '' };
  }
  if (group.folded) return { ...group, items: [], moreText: '' };
  const rest = group.count - FIRST_FEW;
  return {
    ...group,
    items: group.items.slice(0, FIRST_FEW),
    moreText: rest > 0 ? `还有 ${rest} 项` : '',
  };
}
