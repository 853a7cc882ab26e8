import { handbook, vaccineFacts } from '../../services/handbook';
import { chooseChild } from '../../services/people';
import type { Child } from '../../services/types';
import { childLoader } from '../../utils/child-loader';
import { open } from '../../utils/navigation';
import { vaccineViews, type VaccineView } from '../../utils/vaccines';

const loader = childLoader();

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

  load() {
    return loader.load(this, async (child, all, isCurrent) => {
      const { items, today, disclaimer } = await handbook(child.id);
      if (!isCurrent()) return;
      const vaccines = vaccineViews(items, today);
      const overdue = vaccines.some((one) => one.overdue);
      this.setData({ children: all, child, vaccines, overdue, disclaimer, status: 'ready' });
      await this.loadQuestions(child.id);
    });
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
