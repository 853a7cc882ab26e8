import { codeOf } from '../../services/errors';
import { knownMarks, marks } from '../../services/marks';
import { recipe } from '../../services/recipes';
import { remembered } from '../../services/remembered';
import type { Ingredient, Recipe } from '../../services/library-types';
import { changeFavourite } from '../../utils/favourite';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { sourceLine, type SourceLine } from '../../utils/pieces';
import { standing, type Standing } from '../../utils/reviews';

Page({
  data: {
    status: 'loading',
    message: '',
    slug: '',
    recipe: null as Recipe | null,
    allergens: [] as string[],
    mayContain: '',
    tags: [] as string[],
    ingredients: [] as Ingredient[],
    steps: [] as string[],
    standing: null as Standing | null,
    sources: [] as SourceLine[],
    /** Of what this phone wants to leave out, what is in this dish. */
    unwanted: '',
    favourite: false,
    awake: false,
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ slug: query.slug ?? '' });
    return this.load();
  },

  onUnload() {
    if (this.data.awake) wx.setKeepScreenOn({ keepScreenOn: false });
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const read = await recipe(this.data.slug);
      const without = remembered('without');
      this.setData({
        recipe: read,
        allergens: read.allergens,
        mayContain: read.may_contain.join('、'),
        tags: read.tags,
        ingredients: read.ingredients,
        steps: read.steps,
        standing: standing(read.review, read.signed, '这道菜'),
        sources: read.sources.map(sourceLine),
        unwanted: [...read.allergens, ...read.may_contain]
          .filter((name) => without.includes(name))
          .join('、'),
        status: 'ready',
      });
      this.drawMarks(knownMarks().favourites);
      this.drawMarks((await marks()).favourites);
    } catch (error) {
      const gone = codeOf(error) === 'not_found';
      this.setData({ status: gone ? 'empty' : 'error', message: sentence(error) });
    }
  },

  drawMarks(favourites: string[]) {
    this.setData({ favourite: favourites.includes(this.data.slug) });
  },

  toggleFavourite() {
    const { slug, favourite } = this.data;
    return changeFavourite(slug, !favourite, (on) => this.setData({ favourite: on }));
  },

  /** Hands are wet while cooking; WeChat lets the screen sleep again when the page is left. */
  toggleAwake() {
    const awake = !this.data.awake;
    wx.setKeepScreenOn({
      keepScreenOn: awake,
      success: () => this.setData({ awake }),
      fail: () => wx.showToast({ title: '这台手机不支持', icon: 'none' }),
    });
  },

  toRecipes() {
    open('/pages/recipes/recipes');
  },

  copy(event: WechatMiniprogram.TouchEvent) {
    const url = String(event.currentTarget.dataset.url);
    if (url) wx.setClipboardData({ data: url });
  },

  onShareAppMessage() {
    const { recipe: read, slug } = this.data;
    return { title: read?.title ?? '澄育', path: `/pages/recipe/recipe?slug=${slug}` };
  },
});
