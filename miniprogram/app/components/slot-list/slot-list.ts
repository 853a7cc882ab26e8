import type { SlotDay } from '../../utils/slots';

/** Slots by day. A slot that cannot be booked says why. Fires `choose` with `{id}`. */
Component({
  properties: {
    days: { type: Array, value: [] as SlotDay[] },
    /** Only to look at: nothing can be booked, and that is said once, elsewhere. */
    plain: Boolean,
  },
  methods: {
    choose(event: WechatMiniprogram.TouchEvent) {
      const { id, bookable } = event.currentTarget.dataset as { id: number; bookable: boolean };
      if (bookable) this.triggerEvent('choose', { id: Number(id) });
    },
  },
});
