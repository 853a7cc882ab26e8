import { get } from '../../services/http';

interface Item {
  id: number;
  title: string;
  date: string;
}

Page({
  data: {
    items: [] as Item[],
    error: '',
    opened: '',
    slide: 0,
    refreshed: 0,
    bottoms: 0,
    scrolled: '',
    nodes: [
      {
        name: 'p',
        attrs: { class: 'node' },
        children: [{ type: 'text' as const, text: '节点 &amp; 文字' }],
      },
    ],
    html:
      '<p>正文 <strong>重点</strong></p><ul><li>一</li><li>二</li></ul>' +
      '<script>window.__attacked = 1</script><img src="/static/leaf.png" onload="window.__attacked = 1">',
  },
  async onLoad() {
    await this.load();
  },
  async onPullDownRefresh() {
    await this.load();
    this.setData({ refreshed: this.data.refreshed + 1 });
    wx.stopPullDownRefresh();
  },
  onReachBottom() {
    this.setData({ bottoms: this.data.bottoms + 1 });
  },
  async load() {
    try {
      const { items } = await get<{ items: Item[] }>('/api/items');
      this.setData({ items, error: '' });
    } catch (error) {
      this.setData({ error: (error as Error).message });
    }
  },
  open({ currentTarget, detail }: WechatMiniprogram.CustomEvent<{ taps: number }>) {
    this.setData({ opened: `${currentTarget.dataset.id}:${detail.taps}` });
  },
  swiped({ detail }: WechatMiniprogram.SwiperChange) {
    this.setData({ slide: detail.current });
  },
  scrolledToEnd() {
    this.setData({ scrolled: '到底' });
  },
});
