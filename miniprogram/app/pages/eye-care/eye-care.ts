import { checkups } from '../../services/clinic';
import type { Checkups } from '../../services/clinic-types';
import { children, chosenChild } from '../../services/people';
import type { Child } from '../../services/types';
import { eyeRow, type EyeRow } from '../../utils/clinic';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    found: null as Checkups | null,
    rows: [] as EyeRow[],
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
      const found = await checkups(child.id);
      this.setData({ child, found, rows: found.items.map(eyeRow), status: 'ready' });
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  openItem(event: WechatMiniprogram.TouchEvent) {
    const id = encodeURIComponent(String(event.currentTarget.dataset.id));
    open(`/pages/item/item?id=${id}`);
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
