import { itemsShown, type ItemGroup } from '../../utils/handbook';

/**
 * Things of the handbook under one heading; a long group shows its first few until it is opened.
 * Fires `open` with `{id}`.
 */
Component({
  properties: {
    group: { type: Object, value: {} as ItemGroup },
    /** How many of a long group are shown. */
    few: Number,
    /** Without numbers, and everything is shown: the book of a child that died. */
    quiet: Boolean,
  },
  data: { opened: false, items: [] as ItemGroup['items'], moreText: '' },
  observers: {
    'group, few, quiet, opened'(group: ItemGroup, few: number, quiet: boolean, opened: boolean) {
      if (quiet) this.setData({ items: group.items, moreText: '' });
      else this.setData(itemsShown(group, few, opened));
    },
  },
  methods: {
    toggle() {
      this.setData({ opened: !this.data.opened });
    },
    open(event: WechatMiniprogram.CustomEvent<{ id: string }>) {
      this.triggerEvent('open', event.detail);
    },
  },
});
