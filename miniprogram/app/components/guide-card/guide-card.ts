import type { GuideSummary } from '../../services/types';

/** One guide in a list. Fires `open` with `{slug}`. */
Component({
  properties: {
    guide: { type: Object, value: {} as GuideSummary },
  },
  methods: {
    open() {
      this.triggerEvent('open', { slug: this.data.guide.slug });
    },
  },
});
