import { askAndTell } from '../../services/messages';
import type { Subscriptions } from '../../services/types';
import { sentence } from '../../utils/messages';
import { inAppOnly, waysOf, type WayView } from '../../utils/permissions';

/** Each kind of message with its way, and a tap for more. Fires `change` with what comes then. */
Component({
  properties: {
    subscriptions: { type: Object, value: { templates: [], others: [] } as Subscriptions },
  },
  data: {
    ways: [] as WayView[],
    inApp: '',
    asking: false,
  },
  observers: {
    subscriptions(given: Subscriptions | null) {
      if (!given) return;
      this.setData({ ways: waysOf(given), inApp: inAppOnly(given).join('；') });
    },
  },
  methods: {
    async ask(event: WechatMiniprogram.TouchEvent) {
      const id = String(event.currentTarget.dataset.id);
      const { templates } = this.data.subscriptions as Subscriptions;
      if (this.data.asking) return;
      this.setData({ asking: true });
      try {
        const wanted = templates.filter((one) => one.template_id === id);
        const { accepted, subscriptions } = await askAndTell(wanted);
        wx.showToast({ title: accepted ? '好的，记下了' : '没有订阅', icon: 'none' });
        this.triggerEvent('change', subscriptions);
      } catch (error) {
        wx.showToast({ title: sentence(error), icon: 'none' });
      } finally {
        this.setData({ asking: false });
      }
    },
  },
});
