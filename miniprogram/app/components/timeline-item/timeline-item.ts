import type { ItemView } from '../../utils/handbook';

/** One thing of the handbook in a list. Fires `open` with `{id}`. */
Component({
  properties: {
    item: { type: Object, value: {} as ItemView },
    /** In the timeline a line runs along the items; on the first page they stand alone. */
    line: Boolean,
  },
  methods: {
    open() {
      this.triggerEvent('open', { id: this.data.item.id });
    },
  },
});
