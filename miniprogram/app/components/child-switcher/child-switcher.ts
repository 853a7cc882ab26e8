import type { Child } from '../../services/types';

/** The chosen child by name; with several, a row of them to tap. Fires `change` with `{id}`. */
Component({
  properties: {
    children: { type: Array, value: [] as Child[] },
    chosen: Number,
  },
  methods: {
    choose(event: WechatMiniprogram.TouchEvent) {
      const id = Number(event.currentTarget.dataset.id);
      if (id !== this.data.chosen) this.triggerEvent('change', { id });
    },
  },
});
