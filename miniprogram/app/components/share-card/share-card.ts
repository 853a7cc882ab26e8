import { CARD, drawCard, type CardText } from '../../utils/share-card';

/** No node: the page has left meanwhile. */
interface Found {
  node?: WechatMiniprogram.Canvas;
}

const REFUSED = '没有相册权限。请点右上角“…”→“设置”，允许保存到相册后再试';

/**
 * Draws the share card of a text out of sight; fires `drawn` with `{path}`. With `show` a sheet
 * lets it be saved; fires `close`.
 */
Component({
  properties: {
    text: { type: Object, value: {} as CardText },
    show: Boolean,
  },
  data: { path: '', busy: false, problem: '' },
  observers: {
    text(text: CardText) {
      if (text.title) wx.nextTick(() => this.draw());
    },
    show() {
      this.setData({ problem: '' });
    },
  },
  methods: {
    draw() {
      this.createSelectorQuery()
        .select('#card')
        .fields({ node: true })
        .exec(([found]: (Found | null)[]) => {
          if (found?.node) this.drawOn(found.node);
        });
    },
    drawOn(canvas: WechatMiniprogram.Canvas) {
      const { width, height, scale } = CARD;
      canvas.width = width * scale;
      canvas.height = height * scale;
      const context: WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D =
        canvas.getContext('2d');
      context.scale(scale, scale);
      drawCard(context, this.data.text as CardText);
      wx.canvasToTempFilePath({
        canvas,
        success: ({ tempFilePath }) => {
          this.setData({ path: tempFilePath });
          this.triggerEvent('drawn', { path: tempFilePath });
        },
        // a text can be shared without its card
        fail: () => this.setData({ problem: '图片没有画出来，可以直接转发这一篇' }),
      });
    },
    save() {
      if (this.data.busy || !this.data.path) return;
      this.setData({ busy: true, problem: '' });
      wx.saveImageToPhotosAlbum({
        filePath: this.data.path,
        success: () => {
          wx.showToast({ title: '已存到相册', icon: 'none' });
          this.close();
        },
        fail: ({ errMsg }) => this.explain(errMsg),
        complete: () => this.setData({ busy: false }),
      });
    },
    /** Who closes WeChat's own question has said enough. */
    explain(errMsg: string) {
      if (errMsg.includes('cancel')) return;
      const refused = errMsg.includes('auth') || errMsg.includes('authorize');
      this.setData({ problem: refused ? REFUSED : '没有存下来，请再试一次' });
    },
    close() {
      this.triggerEvent('close');
    },
  },
});
