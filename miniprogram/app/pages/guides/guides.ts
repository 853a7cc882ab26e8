import { guides, type GuideChoice } from '../../services/guides';
import { knownMarks, marks } from '../../services/marks';
import { children, chosenChild } from '../../services/people';
import type { Band, GuideSummary, Marks, Series } from '../../services/library-types';
import type { Child } from '../../services/types';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';
import { pieceView, type PieceView } from '../../utils/pieces';

/** now: the age of the chosen child today. */
type Age = '' | 'now' | Band;

const SERIES: { name: Series; title: string }[] = [
  { name: 'manual', title: '育儿手册' },
  { name: 'nutrition', title: '营养指南' },
  { name: 'handbook', title: '手册卡片' },
  { name: 'service', title: '服务' },
  { name: 'before', title: '孕前' },
];
const OF_PREGNANCY: Series[] = ['handbook', 'service'];
const OF_AGES: Series[] = ['manual', 'nutrition', ...OF_PREGNANCY];
const AGES: { name: Age; title: string }[] = [
  { name: '', title: '全部年龄' },
  { name: 'pregnancy', title: '孕期' },
  { name: 'newborn', title: '新生儿' },
  { name: '0-3m', title: '0～3月' },
  { name: '4-6m', title: '4～6月' },
  { name: '6-12m', title: '6～12月' },
  { name: '1-2y', title: '1～2岁' },
  { name: '2-3y', title: '2～3岁' },
  { name: '3-6y', title: '3～6岁' },
];
const EVERY_TOPIC = '全部话题';
const MOST_SUITED = 3;
/** Cards drawn at once; more come when the end is near. */
const STEP = 12;

/** Answers to an older question must not overwrite those of a newer one. */
let turn = 0;

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    suited: [] as PieceView[],
    suitedCount: 0,
    /** The list below, which is asked for again by itself. */
    listStatus: 'loading',
    listMessage: '',
    series: SERIES,
    chosenSeries: 'manual' as Series,
    ages: AGES,
    age: '' as Age,
    topics: [EVERY_TOPIC],
    topicIndex: 0,
    shown: [] as PieceView[],
    count: 0,
  },

  /** What was answered, before topic and number choose from it. */
  suitedAll: [] as GuideSummary[],
  all: [] as GuideSummary[],
  most: STEP,
  marks: { favourites: [], read: [] } as Marks,

  async onShow() {
    this.marks = knownMarks();
    const child = await firstChild();
    const changed = child?.id !== this.data.child?.id;
    if (this.data.status === 'ready' && !changed) {
      await this.loadMarks();
      return;
    }
    this.setData({ child, ages: child ? [nowOf(child), ...AGES] : AGES });
    if (!child && this.data.age === 'now') this.setData({ age: '' });
    await this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const { child } = this.data;
      const [suited] = await Promise.all([
        child ? guides({ ageDays: child.age_days }) : [],
        this.loadList(),
      ]);
      if (this.data.listStatus === 'error') {
        this.setData({ status: 'error', message: this.data.listMessage });
        return;
      }
      this.suitedAll = suited;
      this.setData({ status: 'ready' });
      this.draw();
      await this.loadMarks();
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  async loadMarks() {
    this.marks = await marks();
    this.draw();
  },

  /** Another question: what is shown does not answer it. */
  ask() {
    this.setData({ listStatus: 'loading' });
    return this.loadList();
  },

  async loadList() {
    const mine = ++turn;
    try {
      const all = await guides(this.choice());
      if (mine !== turn) return;
      this.all = all;
      this.most = STEP;
      this.setData({ topics: topicsOf(all), topicIndex: 0, listStatus: 'ready' });
      this.draw();
    } catch (error) {
      if (mine !== turn) return;
      const { status = 'ready', message = '' } = failed(this.data.listStatus, error);
      this.setData({ listStatus: status, listMessage: message });
    }
  },

  choice(): GuideChoice {
    const { age, child, chosenSeries } = this.data;
    if (age === 'now') return { ageDays: child?.age_days, series: chosenSeries };
    return { band: age || undefined, series: chosenSeries };
  },

  /** Topic and number of cards are chosen on the phone: the list of a series is short. */
  draw() {
    const { topics, topicIndex, listStatus } = this.data;
    const topic = topicIndex ? topics[topicIndex] : '';
    const own = topic ? this.all.filter((guide) => guide.topic === topic) : this.all;
    const view = (guide: GuideSummary) => pieceView(guide, this.marks);
    const settled = listStatus === 'ready' || listStatus === 'empty';
    this.setData({
      suited: this.suitedAll.slice(0, MOST_SUITED).map(view),
      suitedCount: this.suitedAll.length,
      shown: own.slice(0, this.most).map(view),
      count: own.length,
      ...(settled ? { listStatus: own.length ? 'ready' : 'empty' } : {}),
    });
  },

  onReachBottom() {
    if (this.most >= this.data.count) return;
    this.most += STEP;
    this.draw();
  },

  chooseSeries(event: WechatMiniprogram.TouchEvent) {
    const chosenSeries = event.currentTarget.dataset.name as Series;
    // what is read before a pregnancy has no age; the books have nothing about pregnancy
    const stays = this.data.age === 'pregnancy' ? OF_PREGNANCY : OF_AGES;
    this.setData({ chosenSeries, age: stays.includes(chosenSeries) ? this.data.age : '' });
    return this.ask();
  },

  chooseAge(event: WechatMiniprogram.TouchEvent) {
    const age = event.currentTarget.dataset.name as Age;
    const { chosenSeries } = this.data;
    if (age === 'pregnancy' && !OF_PREGNANCY.includes(chosenSeries)) {
      this.setData({ age, chosenSeries: 'handbook' });
    } else {
      this.setData({ age });
    }
    return this.ask();
  },

  chooseTopic(event: WechatMiniprogram.PickerChange) {
    this.most = STEP;
    this.setData({ topicIndex: Number(event.detail.value) });
    this.draw();
  },

  async seeAllSuited() {
    const chosenSeries = this.suitedAll[0]?.series ?? 'manual';
    this.setData({ age: 'now', chosenSeries });
    await this.ask();
    wx.pageScrollTo({ selector: '#browse', duration: 200 });
  },

  widen() {
    this.setData({ age: '' });
    return this.ask();
  },

  go(event: WechatMiniprogram.TouchEvent) {
    open(String(event.currentTarget.dataset.page));
  },

  openPiece(event: WechatMiniprogram.CustomEvent<{ url: string }>) {
    open(event.detail.url);
  },
});

function nowOf(child: Child): { name: Age; title: string } {
  return { name: 'now', title: `适合今天 · ${child.age_text}` };
}

function topicsOf(all: GuideSummary[]): string[] {
  return [EVERY_TOPIC, ...new Set(all.map(({ topic }) => topic))];
}

/** Guides need no login: whoever cannot sign in reads them for every age. */
function firstChild(): Promise<Child | null> {
  return children().then(chosenChild, () => null);
}
