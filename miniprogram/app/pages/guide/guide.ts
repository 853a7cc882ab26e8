import { codeOf } from '../../services/errors';
import { guide } from '../../services/guides';
import type { Guide, RichNode, Source } from '../../services/types';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { guideLinks, styled, type GuideLink } from '../../utils/nodes';

const SIZE = 'reading-size';
const SIZES = [
  { name: 'm', title: '标准' },
  { name: 'l', title: '大' },
  { name: 'xl', title: '特大' },
];

interface SourceLine {
  text: string;
  url: string;
}

Page({
  data: {
    status: 'loading',
    message: '',
    slug: '',
    guide: null as Omit<Guide, 'nodes'> | null,
    nodes: [] as RichNode[],
    links: [] as GuideLink[],
    sources: [] as SourceLine[],
    sizes: SIZES,
    size: 'm',
  },

  onLoad(query: Record<string, string | undefined>) {
    const size: unknown = wx.getStorageSync(SIZE);
    this.setData({ slug: query.slug ?? '', size: typeof size === 'string' && size ? size : 'm' });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const { nodes, ...rest } = await guide(this.data.slug);
      this.setData({
        guide: rest,
        nodes: styled(nodes),
        links: guideLinks(nodes),
        sources: rest.sources.map(line),
      });
      this.setData({ status: 'ready' });
    } catch (error) {
      const gone = codeOf(error) === 'not_found';
      this.setData({ status: gone ? 'empty' : 'error', message: sentence(error) });
    }
  },

  chooseSize(event: WechatMiniprogram.TouchEvent) {
    const size = String(event.currentTarget.dataset.name);
    this.setData({ size });
    wx.setStorageSync(SIZE, size);
  },

  toGuides() {
    open('/pages/guides/guides');
  },

  follow(event: WechatMiniprogram.TouchEvent) {
    open(String(event.currentTarget.dataset.page));
  },

  copy(event: WechatMiniprogram.TouchEvent) {
    const url = String(event.currentTarget.dataset.url);
    if (url) wx.setClipboardData({ data: url });
  },

  onShareAppMessage() {
    return {
      title: this.data.guide?.title ?? '澄育',
      path: `/pages/guide/guide?slug=${this.data.slug}`,
    };
  },
});

function line(source: Source): SourceLine {
  const named = [source.title, source.number].filter(Boolean).join('，');
  // most titles and numbers hold their year already
  const year = source.year && !named.includes(String(source.year)) ? `，${source.year}年` : '';
  const text = named + year;
  return { text, url: source.url ?? '' };
}
