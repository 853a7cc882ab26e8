import { knownMarks, marks } from '../../services/marks';
import { children, chosenChild } from '../../services/people';
import { recipes } from '../../services/recipes';
import { remember, remembered } from '../../services/remembered';
import type { Marks, RecipeSummary } from '../../services/library-types';
import type { Child } from '../../services/types';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';
import { pieceView, type PieceView } from '../../utils/pieces';

/** In the order of the kitchen; tags of a newer service that are not named here come after. */
const TAGS = ['富铁', '早餐', '手指食物', '江南家常', '优质蛋白', '补钙', '水果', '加餐'];
const ALLERGENS = ['鸡蛋', '牛奶', '小麦', '大豆', '鱼', '虾', '花生', '坚果', '芝麻'];

interface Allergen {
  name: string;
  out: boolean;
}

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    today: false,
    tags: [] as string[],
    tag: '',
    without: [] as string[],
    withoutText: '',
    allergens: [] as Allergen[],
    choosing: false,
    shown: [] as PieceView[],
  },

  all: [] as RecipeSummary[],
  marks: { favourites: [], read: [] } as Marks,

  async onLoad() {
    this.setWithout(remembered('without').filter((name) => ALLERGENS.includes(name)));
    const child = await children().then(chosenChild, () => null);
    this.setData({ child });
    await this.load();
    // for who has a child the list begins with what fits it, if anything does
    if (child && this.all.some((one) => fits(one, child.age_days))) {
      this.setData({ today: true });
      this.draw();
    }
  },

  async onShow() {
    this.marks = knownMarks();
    this.draw();
    this.marks = await marks();
    this.draw();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      this.all = await recipes();
      const found = new Set(this.all.flatMap(({ tags }) => tags));
      const known = TAGS.filter((tag) => found.has(tag));
      const others = [...found].filter((tag) => !TAGS.includes(tag));
      this.setData({ tags: [...known, ...others], status: 'ready' });
      this.draw();
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  draw() {
    if (!['ready', 'empty'].includes(this.data.status)) return;
    const { today, child, tag, without } = this.data;
    const chosen = this.all.filter(
      (one) =>
        (!today || !child || fits(one, child.age_days)) &&
        (!tag || one.tags.includes(tag)) &&
        ![...one.allergens, ...one.may_contain].some((name) => without.includes(name)),
    );
    // by age alone the thinnest purées come first, and these were for months ago
    if (today) chosen.sort((a, b) => b.age_from_days - a.age_from_days);
    const shown = chosen.map((one) => pieceView(one, this.marks));
    this.setData({ shown, status: shown.length ? 'ready' : 'empty' });
  },

  toggleToday() {
    this.setData({ today: !this.data.today });
    this.draw();
  },

  chooseTag(event: WechatMiniprogram.TouchEvent) {
    const tag = String(event.currentTarget.dataset.tag);
    this.setData({ tag: tag === this.data.tag ? '' : tag });
    this.draw();
  },

  openWithout() {
    this.setData({ choosing: true });
  },

  closeWithout() {
    this.setData({ choosing: false });
  },

  toggleAllergen(event: WechatMiniprogram.TouchEvent) {
    const name = String(event.currentTarget.dataset.name);
    const { without } = this.data;
    const out = without.includes(name);
    this.setWithout(out ? without.filter((one) => one !== name) : [...without, name]);
    remember('without', this.data.without);
    this.draw();
  },

  setWithout(without: string[]) {
    this.setData({
      without,
      withoutText: ALLERGENS.filter((name) => without.includes(name)).join('、'),
      allergens: ALLERGENS.map((name) => ({ name, out: without.includes(name) })),
    });
  },

  widen() {
    this.setData({ today: false, tag: '' });
    this.setWithout([]);
    remember('without', []);
    this.draw();
  },

  openPiece(event: WechatMiniprogram.CustomEvent<{ url: string }>) {
    open(event.detail.url);
  },
});

function fits(recipe: RecipeSummary, ageDays: number): boolean {
  return recipe.age_from_days <= ageDays && ageDays <= recipe.age_to_days;
}
