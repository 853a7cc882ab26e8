import { handbook, vaccineFacts } from '../../services/handbook';
import { children, chooseChild, chosenChild } from '../../services/people';
import type { Child } from '../../services/types';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';
import { vaccineViews, type VaccineView } from '../../utils/vaccines';

/** Answers for the child chosen before must not overwrite those for the one chosen now. */
let turn = 0;

Page({
  data: {
    status: 'loading',
    message: '',
    children: [] as Child[],
    child: null as Child | null,
    vaccines: [] as VaccineView[],
    overdue: false,
    /** There is a question whose answer would change a day. */
    asks: false,
    opened: '',
    disclaimer: '',
  },

  onShow() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    const mine = ++turn;
    try {
      const all = await children();
      const child = chosenChild(all);
      if (!child) {
        this.setData({ status: 'empty', child: null });
        return;
      }
      const { items, today, disclaimer } = await handbook(child.id);
      if (mine !== turn) return;
      const vaccines = vaccineViews(items, today);
      const overdue = vaccines.some((one) => one.overdue);
      this.setData({ children: all, child, vaccines, overdue, disclaimer, status: 'ready' });
      await this.loadQuestions(child.id);
    } catch (error) {
      if (mine === turn) this.setData(failed(this.data.status, error));
    }
  },

  /** The questions only add to the page, so their failure leaves it standing. */
  async loadQuestions(childId: number) {
    const asked = await vaccineFacts(childId).then(
      ({ questions }) => questions.length,
      () => 0,
    );
    this.setData({ asks: asked > 0 });
  },

  toggle(event: WechatMiniprogram.TouchEvent) {
    const name = String(event.currentTarget.dataset.name);
    this.setData({ opened: this.data.opened === name ? '' : name });
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    this.setData({ status: 'loading', opened: '' });
    return this.load();
  },

  openItem(event: WechatMiniprogram.CustomEvent<{ id: string }>) {
    open(`/pages/item/item?id=${encodeURIComponent(event.detail.id)}`);
  },

  openFacts() {
    open(`/pages/vaccine-facts/vaccine-facts?child=${this.data.child?.id ?? 0}`);
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
