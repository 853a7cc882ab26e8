import { screenings } from '../../services/clinic';
import type { Screenings } from '../../services/clinic-types';
import type { Child } from '../../services/types';
import { childLoader } from '../../utils/child-loader';
import { ageLine, screeningList, type ScreeningList } from '../../utils/clinic';
import { open } from '../../utils/navigation';

const loader = childLoader();

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    found: null as Screenings | null,
    age: '',
    list: null as ScreeningList | null,
  },

  onShow() {
    return this.load();
  },

  load() {
    return loader.load(this, async (child) => {
      const found = await screenings(child.id);
      const list = screeningList(found);
      this.setData({ child, found, list, age: ageLine(found.fit), status: 'ready' });
    });
  },

  openOne(event: WechatMiniprogram.TouchEvent) {
    open(`/pages/screening/screening?visit=${String(event.currentTarget.dataset.id)}`);
  },

  readGuide() {
    open(`/pages/guide/guide?slug=${this.data.found?.autism.guide_slug ?? ''}`);
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
