import { screenings } from '../../services/clinic';
import type { Attention } from '../../services/clinic-types';
import { handbook } from '../../services/handbook';
import { askToSubscribe, subscriptions } from '../../services/messages';
import { chooseChild } from '../../services/people';
import type { Child, HandbookItem, ItemKind, SubscriptionTemplate } from '../../services/types';
import { childLoader } from '../../utils/child-loader';
import {
  grouped,
  LATER_FEW,
  laterGroups,
  NOW_FEW,
  nowGroups,
  type ItemGroup,
} from '../../utils/handbook';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { leftText, offeredAt } from '../../utils/permissions';

/** Our name of the template by which the handbook reminds in WeChat. */
const REMINDER = 'handbook_reminder';

const KINDS: { kind: ItemKind | ''; title: string }[] = [
  { kind: '', title: '全部' },
  { kind: 'checkup', title: '体检' },
  { kind: 'vaccine', title: '接种' },
  { kind: 'guide', title: '指南' },
  { kind: 'mother', title: '妈妈' },
];

interface Chapter {
  page: string;
  /** Of those that are texts of the library; the others are about the child. */
  name?: string;
  icon: string;
  title: string;
  text: string;
}

/** Of the book, each on a page of its own. */
const CHAPTERS: Chapter[] = [
  { page: 'vaccines', icon: 'vaccine', title: '接种本', text: '打了哪些、下一剂在哪天' },
  { page: 'growth', icon: 'growth', title: '生长曲线', text: '体重、身长、头围的变化' },
  { page: 'screenings', icon: 'activity', title: '发育筛查', text: '体检前看四条' },
  { page: 'newborn-screening', icon: 'checkup', title: '新生儿筛查', text: '听力、足跟血、心脏' },
  { page: 'eye-care', icon: 'eye', title: '眼保健和听力', text: '每次体检看什么' },
  { page: 'family-doctor', icon: 'consultation', title: '家庭医生签约', text: '团队和电话' },
  { page: 'diary', icon: 'heart-on', title: '成长日记', text: '一天一句话，或者一张照片' },
  { page: 'home-check', icon: 'service', title: '家庭安全自查', text: '在家里走一遍，一条一条对' },
  { page: 'pregnancy', icon: 'leaf', title: '孕期手册', text: '再次怀孕时用' },
  {
    page: 'chapter',
    name: 'policy',
    icon: 'letter',
    title: '政策与免费服务',
    text: '不花钱的检查和疫苗、能休的假',
  },
  {
    page: 'chapter',
    name: 'before',
    icon: 'sprout',
    title: '孕前',
    text: '再要孩子之前，两个人先做的',
  },
  { page: 'take-along', icon: 'card', title: '带走手册', text: '给医生看、打印、存一份' },
];
/** Of a child that died: what was kept, and nothing that asks for something. */
const KEEPSAKES = ['growth', 'diary', 'take-along'];

/** What comes by WeChat of the handbook's reminders, and what one tap on 提醒我 asks for. */
interface Asked {
  reminder: string;
  asked: SubscriptionTemplate[];
}

const NO_REMINDER: Asked = { reminder: '', asked: [] };

const loader = childLoader();

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
    died: false,
    chapters: CHAPTERS,
    now: [] as ItemGroup[],
    nowFew: NOW_FEW,
    later: [] as ItemGroup[],
    laterFew: LATER_FEW,
    reminder: '',
    asked: [] as SubscriptionTemplate[],
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
      // drawn by one step: what comes later would push down what is being read
      const [book, attention, asked] = await Promise.all([
        handbook(child.id),
        attentionOf(child.id),
        reminderNow(),
      ]);
      if (!isCurrent()) return;
      const { items, today, disclaimer } = book;
      this.setData({ children: all, child, items, today, disclaimer, attention, ...asked });
      this.draw();
      this.setData({ status: 'ready' });
    });
  },

  async remind() {
    try {
      const accepted = await askToSubscribe(this.data.asked);
      wx.showToast({ title: accepted ? '好的，到时提醒你' : '没有订阅', icon: 'none' });
      this.setData(await reminderNow());
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
    }
  },

  draw() {
    const { items, today, kind, child } = this.data;
    const died = child?.departure === 'died';
    if (died) {
      // nothing is to come and nothing is late
      const kept = grouped(items, today)
        .filter(({ name }) => name === 'done')
        .map((group) => ({ ...group, title: '记下的' }));
      const chapters = CHAPTERS.filter(({ page }) => KEEPSAKES.includes(page));
      this.setData({ died, chapters, now: [], later: kept });
      return;
    }
    const now = nowGroups(items, today);
    const later = laterGroups(items, today, kind);
    this.setData({ died, chapters: CHAPTERS, now, later });
  },

  chooseKind(event: WechatMiniprogram.TouchEvent) {
    this.setData({ kind: event.currentTarget.dataset.kind as ItemKind | '' });
    this.draw();
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    this.setData({ status: 'loading' });
    return this.load();
  },

  openChapter(event: WechatMiniprogram.TouchEvent) {
    const { page, name } = event.currentTarget.dataset as { page: string; name?: string };
    const about = name ? `name=${name}` : `child=${this.data.child?.id ?? ''}`;
    open(`/pages/${page}/${page}?${about}`);
  },

  openAttention() {
    open(`/pages/screening/screening?visit=${this.data.attention?.screening_id ?? ''}`);
  },

  openItem(event: WechatMiniprogram.CustomEvent<{ id: string }>) {
    open(`/pages/item/item?id=${encodeURIComponent(event.detail.id)}`);
  },

  openPregnancy() {
    open('/pages/pregnancy/pregnancy');
  },

  register() {
    open('/pages/child-form/child-form');
  },
});

/** The row about WeChat only adds to the page, so its failure leaves the page standing. */
async function reminderNow(): Promise<Asked> {
  try {
    const { templates } = await subscriptions();
    const reminder = templates.find(({ name }) => name === REMINDER);
    if (!reminder) return NO_REMINDER;
    const text = leftText(reminder) + (reminder.balance ? '' : '，点“提醒我”');
    return { reminder: text, asked: offeredAt('handbook', templates) };
  } catch {
    return NO_REMINDER;
  }
}

/** So does the hint about a screening. */
async function attentionOf(childId: number): Promise<Attention | null> {
  try {
    return (await screenings(childId)).attention;
  } catch {
    return null;
  }
}
