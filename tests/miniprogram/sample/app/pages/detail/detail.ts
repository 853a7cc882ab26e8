Page({
  data: { id: '', size: '', left: false, picture: '', seen: false },
  onLoad({ id }) {
    this.setData({ id: id ?? '' });
    wx.setNavigationBarTitle({ title: `详情 ${id}` });
  },
  onReady() {
    wx.createSelectorQuery()
      .select('#chart')
      .fields({ node: true, size: true })
      .exec(([found]: { node: WechatMiniprogram.Canvas; width: number; height: number }[]) => {
        if (!found) return;
        const ratio = wx.getWindowInfo().pixelRatio;
        found.node.width = found.width * ratio;
        found.node.height = found.height * ratio;
        const context: WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D =
          found.node.getContext('2d');
        context.scale(ratio, ratio);
        context.fillRect(10, 10, 50, 50);
        this.setData({ size: `${found.width}×${found.height}` });
        wx.canvasToTempFilePath({
          canvas: found.node,
          success: ({ tempFilePath }) => this.setData({ picture: tempFilePath }),
        });
      });
    this.createIntersectionObserver({})
      .relativeToViewport()
      .observe('#end', ({ intersectionRatio }) => {
        if (intersectionRatio > 0) this.setData({ seen: true });
      });
  },
  async back() {
    await wx.navigateBack();
    this.setData({ size: '已离开', left: true });
  },
});
