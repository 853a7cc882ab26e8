import type { PieceView } from '../../utils/pieces';

/** One guide or recipe in a list. Fires `open` with `{url}`. */
Component({
  properties: {
    piece: { type: Object, value: {} as PieceView },
  },
  methods: {
    open() {
      this.triggerEvent('open', { url: this.data.piece.url });
    },
  },
});
