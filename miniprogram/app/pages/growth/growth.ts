import {
  chooseStandard,
  chosenStandard,
  curves,
  growth,
  restore,
  takeAct,
} from '../../services/growth';
import type { Act } from '../../services/growth';
import type { Curves, Growth, Indicator, StandardName } from '../../services/growth-types';
import { chooseChild } from '../../services/people';
import type { Child } from '../../services/types';
import { attempt } from '../../utils/attempts';
import { childLoader, type Current } from '../../utils/child-loader';
import { monthsOld } from '../../utils/dates';
import { failed } from '../../utils/failures';
import {
  detailOf,
  indicatorsFor,
  measuredValue,
  named,
  pointsOf,
  rowsOf,
  STANDARD_TITLES,
  type Detail,
  type Point,
  type Row,
} from '../../utils/growth';
import { open } from '../../utils/navigation';

const loader = childLoader();

Page({
  data: {
    status: 'loading',
    message: '',
    children: [] as Child[],
    child: null as Child | null,
    died: false,
    growth: null as Growth | null,
    months: 0,
    standards: [] as { name: StandardName; title: string }[],
    standardTitle: '',
    indicators: [] as ReturnType<typeof indicatorsFor>,
    indicator: 'wfa' as Indicator,
    about: named('wfa'),
    curves: null as Curves | null,
    points: [] as Point[],
    chartLabel: '',
    rows: [] as Row[],
    day: '',
    detail: null as Detail | null,
    preterm: false,
    act: null as Act | null,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    if (query.child) chooseChild(Number(query.child));
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
      const found = await growth(child.id, chosenStandard());
      if (!isCurrent()) return;
      const act = takeAct(child.id) ?? this.data.act;
      const died = child.departure === 'died';
      this.setData({ children: all, child, died, act: act?.childId === child.id ? act : null });
      await this.take(found, isCurrent);
    });
  },

  /** The answer, and the lines for what is looked at; drawn by one step, so nothing jumps. */
  async take(found: Growth, isCurrent: Current) {
    const indicators = indicatorsFor(found);
    const wanted = indicators.some(({ name }) => name === this.data.indicator);
    const indicator = wanted ? this.data.indicator : 'wfa';
    const lines = await curves(found.standard, indicator, found.child.sex);
    if (!isCurrent()) return;
    const about = indicators.find(({ name }) => name === indicator) ?? named(indicator);
    const rows = rowsOf(found, indicator);
    this.setData({
      status: 'ready',
      growth: found,
      months: monthsOld(found.child.birth_date, found.today),
      standards: found.standards.map(({ name }) => ({ name, title: STANDARD_TITLES[name] })),
      standardTitle: lines.title,
      indicators,
      indicator,
      about,
      curves: lines,
      points: pointsOf(found, indicator),
      chartLabel: `${about.title}曲线图，${found.child.name}的记录${rows.length ? '' : '还没有'}在下面的表里`,
      rows,
      preterm: found.items.some(({ corrected }) => corrected !== null),
    });
    this.choose(rows.some(({ day }) => day === this.data.day) ? this.data.day : '');
  },

  /** Without a day, or with one that is gone: the newest that has this measured. */
  choose(day: string) {
    const { growth: found, indicator } = this.data;
    const having = found?.items.filter((item) => measuredValue(item, indicator) !== null) ?? [];
    const item = having.find(({ measured_on }) => measured_on === day) ?? having[having.length - 1];
    this.setData({
      day: item?.measured_on ?? '',
      detail: found && item ? detailOf(found, item, indicator) : null,
    });
  },

  choosePoint(event: WechatMiniprogram.CustomEvent<{ day: string }>) {
    if (event.detail.day) this.choose(event.detail.day);
  },

  chooseRow(event: WechatMiniprogram.TouchEvent) {
    this.choose(String(event.currentTarget.dataset.day));
  },

  async chooseIndicator(event: WechatMiniprogram.TouchEvent) {
    this.setData({ indicator: event.currentTarget.dataset.name as Indicator });
    await this.again();
  },

  async chooseStandard(event: WechatMiniprogram.TouchEvent) {
    chooseStandard(event.currentTarget.dataset.name as StandardName);
    await this.load();
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    this.setData({ status: 'loading', day: '', act: null });
    return this.load();
  },

  /** Only the lines are another: the measurements are here. */
  async again() {
    const { growth: found } = this.data;
    if (!found) return;
    const isCurrent = loader.begin();
    try {
      await this.take(found, isCurrent);
    } catch (error) {
      if (isCurrent()) this.setData(failed(this.data.status, error));
    }
  },

  add() {
    open('/pages/measure/measure');
  },

  change(event: WechatMiniprogram.TouchEvent) {
    open(`/pages/measure/measure?on=${String(event.currentTarget.dataset.day)}`);
  },

  changeShown() {
    open(`/pages/measure/measure?on=${this.data.day}`);
  },

  async undo() {
    const { act } = this.data;
    if (!act) return;
    await attempt(this, async () => {
      await restore(act.childId, act.day, act.before);
      this.setData({ act: null });
      wx.showToast({ title: '已撤销', icon: 'none' });
      await this.load();
    });
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
