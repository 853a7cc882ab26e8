import { checkups } from '../../services/clinic';
import type { Checkups } from '../../services/clinic-types';
import type { Child } from '../../services/types';
import { childLoader } from '../../utils/child-loader';
import { eyeGroups, type EyeGroup } from '../../utils/clinic';
import { open } from '../../utils/navigation';

const loader = childLoader();

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    found: null as Checkups | null,
    groups: [] as EyeGroup[],
  },

  onShow() {
    return this.load();
  },

  load() {
    return loader.load(this, async (child) => {
      const found = await checkups(child.id);
      this.setData({ child, found, groups: eyeGroups(found), status: 'ready' });
    });
  },

  openItem(event: WechatMiniprogram.TouchEvent) {
    const id = encodeURIComponent(String(event.currentTarget.dataset.id));
    open(`/pages/item/item?id=${id}`);
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
