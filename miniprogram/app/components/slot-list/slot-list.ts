import type { SlotDay } from '../../utils/slots';

/** Slots by day. A slot that cannot be booked says why. Fires `choose` with `{id}`, `wait` for a full one. */
Component({
  properties: {
    days: { type: Array, value: [] as SlotDay[] },
    /** Only to look at: nothing can be booked, and that is said once, elsewhere. */
    plain: Boolean,
  },
  methods: {
    choose(event: WechatMiniprogram.TouchEvent) {
      const { id, bookable, waitable } = event.currentTarget.dataset as {
        id: number;
        bookable: boolean;
        waitable: boolean;
      };
      if (bookable) this.triggerEvent('choose', { id: Number(id) });
      else if (waitable && !this.data.plain) this.triggerEvent('wait', { id: Number(id) });
    },
  },
});
