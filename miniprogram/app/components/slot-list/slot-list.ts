import type { SlotDay } from '../../utils/slots';

/** Slots by day. A slot that cannot be booked says why. Fires `choose` with `{id}`. */
Component({
  properties: {
    days: { type: Array, value: [] as SlotDay[] },
  },
  methods: {
    choose(event: WechatMiniprogram.TouchEvent) {
      const { id, bookable } = event.currentTarget.dataset as { id: number; bookable: boolean };
      if (bookable) this.triggerEvent('choose', { id: Number(id) });
    },
  },
});
