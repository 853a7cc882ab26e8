import { guides } from '../../services/guides';
import { children, chosenChild } from '../../services/people';
import type { Child, GuideSummary, Series } from '../../services/types';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

const SERIES: { name: Series; title: string }[] = [
  { name: 'manual', title: '育儿手册' },
  { name: 'nutrition', title: '营养指南' },
];

Page({
  data: {
    status: 'loading',
    message: '',
    series: SERIES,
    chosenSeries: 'manual' as Series,
    child: null as Child | null,
    forAge: true,
    words: '',
    typed: '',
    topics: [] as string[],
    topic: '',
    all: [] as GuideSummary[],
    shown: [] as GuideSummary[],
  },

  async onShow() {
    const child = await firstChild();
    const changed = child?.id !== this.data.child?.id;
    if (this.data.status === 'ready' && !changed) return;
    this.setData({ child });
    await this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    this.setData({ status: 'loading' });
    const { child, forAge, words } = this.data;
    try {
      const ageDays = child && forAge ? child.age_days : undefined;
      this.setData({ all: await guides({ ageDays, words }) });
      this.draw();
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  /** Series and topic are chosen on the phone: the list for an age is short. */
  draw() {
    const { all, chosenSeries } = this.data;
    const own = all.filter((guide) => guide.series === chosenSeries);
    const topics = [...new Set(own.map((guide) => guide.topic))];
    const topic = topics.includes(this.data.topic) ? this.data.topic : '';
    const shown = topic ? own.filter((guide) => guide.topic === topic) : own;
    this.setData({ topics, topic, shown, status: shown.length ? 'ready' : 'empty' });
  },

  chooseSeries(event: WechatMiniprogram.TouchEvent) {
    this.setData({ chosenSeries: event.currentTarget.dataset.name as Series, topic: '' });
    if (this.data.status !== 'error') this.draw();
  },

  chooseTopic(event: WechatMiniprogram.TouchEvent) {
    this.setData({ topic: String(event.currentTarget.dataset.topic) });
    this.draw();
  },

  toggleAge() {
    this.setData({ forAge: !this.data.forAge });
    return this.load();
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ typed: event.detail.value });
  },

  search() {
    this.setData({ words: this.data.typed.trim() });
    return this.load();
  },

  clear() {
    this.setData({ typed: '', words: '' });
    return this.load();
  },

  widen() {
    this.setData({ typed: '', words: '', topic: '', forAge: false });
    return this.load();
  },

  openGuide(event: WechatMiniprogram.CustomEvent<{ slug: string }>) {
    open(`/pages/guide/guide?slug=${event.detail.slug}`);
  },
});

/** Guides need no login: whoever cannot sign in reads them for every age. */
function firstChild(): Promise<Child | null> {
  return children().then(chosenChild, () => null);
}
