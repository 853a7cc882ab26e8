import type { CentreMap } from '../../utils/centre-map';

/** Numbered dots; every fact of them stands in the list below, so a screen reader hears one sentence. */
Component({
  properties: {
    map: { type: Object, value: null as CentreMap | null },
    /** The number whose dot is filled; 0: none. */
    chosen: Number,
  },
});
