import { guides } from '../../services/guides';
import { children, chosenChild } from '../../services/people';
import type { Child, GuideSummary, Series } from '../../services/types';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';

const SERIES: { name: Series; title: string }[] = [
  { name: 'manual', title: '育儿手册' },
  { name: 'nutrition', title: '营养指南' },
];

/** Answers to an older question must not overwrite those of a newer one. */
let turn = 0;

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
    await this.ask();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  /** Another question: what is shown does not answer it. */
  ask() {
    this.setData({ status: 'loading' });
    return this.load();
  },

  async load() {
    const { child, forAge, words } = this.data;
    const mine = ++turn;
    try {
      const ageDays = child && forAge ? child.age_days : undefined;
      const all = await guides({ ageDays, words });
      if (mine !== turn) return;
      this.setData({ all, chosenSeries: seriesWithHits(all, this.data.chosenSeries) });
      this.draw();
    } catch (error) {
      if (mine === turn) this.setData(failed(this.data.status, error));
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
    if (['ready', 'empty'].includes(this.data.status)) this.draw();
  },

  chooseTopic(event: WechatMiniprogram.TouchEvent) {
    this.setData({ topic: String(event.currentTarget.dataset.topic) });
    this.draw();
  },

  toggleAge() {
    this.setData({ forAge: !this.data.forAge });
    return this.ask();
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ typed: event.detail.value });
  },

  search() {
    this.setData({ words: this.data.typed.trim() });
    return this.ask();
  },

  clear() {
    this.setData({ typed: '', words: '' });
    return this.ask();
  },

  widen() {
    this.setData({ typed: '', words: '', topic: '', forAge: false });
    return this.ask();
  },

  openGuide(event: WechatMiniprogram.CustomEvent<{ slug: string }>) {
    open(`/pages/guide/guide?slug=${event.detail.slug}`);
  },
});

/** What was found only in the other series is shown there. */
function seriesWithHits(all: GuideSummary[], chosen: Series): Series {
  return all.some(({ series }) => series === chosen) ? chosen : (all[0]?.series ?? chosen);
}

/** Guides need no login: whoever cannot sign in reads them for every age. */
function firstChild(): Promise<Child | null> {
  return children().then(chosenChild, () => null);
}
