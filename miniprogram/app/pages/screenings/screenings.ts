import { screenings } from '../../services/clinic';
import type { Screenings } from '../../services/clinic-types';
import { children, chosenChild } from '../../services/people';
import type { Child } from '../../services/types';
import { ageLine, screeningList, type ScreeningList } from '../../utils/clinic';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';

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

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const child = chosenChild(await children());
      if (!child) {
        this.setData({ status: 'empty' });
        return;
      }
      const found = await screenings(child.id);
      const list = screeningList(found);
      this.setData({ child, found, list, age: ageLine(found.fit), status: 'ready' });
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
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
