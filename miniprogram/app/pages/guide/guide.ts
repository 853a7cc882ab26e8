import { codeOf } from '../../services/errors';
import { guide, pictureUrl } from '../../services/guides';
import { knownMarks, markRead, marks } from '../../services/marks';
import type { Guide, Heading } from '../../services/library-types';
import { blockView, contents, onward, type BlockView, type Onward } from '../../utils/blocks';
import { changeFavourite } from '../../utils/favourite';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { sourceLine, type SourceLine } from '../../utils/pieces';
import { standing, type Standing } from '../../utils/reviews';
import type { CardText } from '../../utils/share-card';
import { themeNow, watchTheme } from '../../utils/theme';

const SIZE = 'reading-size';
const SIZES = [
  { name: 'm', title: '标准' },
  { name: 'l', title: '大' },
  { name: 'xl', title: '特大' },
];

type Sheet = '' | 'contents' | 'sizes' | 'share';
type Head = Pick<Guide, 'title' | 'series_title' | 'topic' | 'age_text' | 'minutes' | 'summary'>;

Page({
  data: {
    status: 'loading',
    message: '',
    slug: '',
    guide: null as Head | null,
    standing: null as Standing | null,
    blocks: [] as BlockView[],
    contents: [] as Heading[],
    onward: [] as Onward[],
    sources: [] as SourceLine[],
    sizes: SIZES,
    size: 'm',
    favourite: false,
    read: false,
    sheet: '' as Sheet,
    card: {} as Partial<CardText>,
    cardPath: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    const size: unknown = wx.getStorageSync(SIZE);
    this.setData({ slug: query.slug ?? '', size: typeof size === 'string' && size ? size : 'm' });
    this.stopWatching = watchTheme((theme) => this.repaint(theme));
    return this.load();
  },

  left: false,

  onUnload() {
    this.left = true;
    this.stopWatching();
    this.stopObserving();
  },

  stopWatching() {
    // replaced while the page is there
  },

  stopObserving() {
    // replaced while the end of the text is waited for
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const read = await guide(this.data.slug);
      this.setData({ ...shown(read), status: 'ready' });
      wx.nextTick(() => this.waitForEnd()); // the end has to be drawn first
      await this.loadMarks();
    } catch (error) {
      const gone = codeOf(error) === 'not_found';
      this.setData({ status: gone ? 'empty' : 'error', message: sentence(error) });
    }
  },

  async loadMarks() {
    this.drawMarks(knownMarks());
    this.drawMarks(await marks());
  },

  drawMarks({ favourites, read }: { favourites: string[]; read: string[] }) {
    const { slug } = this.data;
    this.setData({ favourite: favourites.includes(slug), read: read.includes(slug) });
  },

  /** Read is what was scrolled to its end. */
  waitForEnd() {
    this.stopObserving();
    if (this.left) return;
    const observer = this.createIntersectionObserver({});
    observer.relativeToViewport().observe('#end', ({ intersectionRatio }) => {
      if (intersectionRatio <= 0) return;
      this.stopObserving();
      this.setData({ read: true });
      void markRead(this.data.slug);
    });
    this.stopObserving = () => observer.disconnect();
  },

  toggleFavourite() {
    const { slug, favourite } = this.data;
    return changeFavourite(slug, !favourite, (on) => this.setData({ favourite: on }));
  },

  repaint(theme: string) {
    const blocks = this.data.blocks.map((block) =>
      block.kind === 'picture' ? { ...block, src: pictureUrl(block.text, theme) } : block,
    );
    this.setData({ blocks });
  },

  /** Without a network the words of a picture stand in its place. */
  missPicture(event: WechatMiniprogram.BaseEvent) {
    const { index } = event.currentTarget.dataset as { index: number };
    this.setData({ [`blocks[${index}].missing`]: true });
  },

  seePicture(event: WechatMiniprogram.TouchEvent) {
    const { src } = event.currentTarget.dataset as { src: string };
    wx.previewImage({ urls: [src] });
  },

  openSheet(event: WechatMiniprogram.TouchEvent) {
    this.setData({ sheet: event.currentTarget.dataset.name as Sheet });
  },

  closeSheet() {
    this.setData({ sheet: '' });
  },

  goToHeading(event: WechatMiniprogram.TouchEvent) {
    this.setData({ sheet: '' });
    wx.pageScrollTo({ selector: `#${String(event.currentTarget.dataset.id)}`, duration: 200 });
  },

  chooseSize(event: WechatMiniprogram.TouchEvent) {
    const size = String(event.currentTarget.dataset.name);
    this.setData({ size });
    wx.setStorageSync(SIZE, size);
  },

  keepCard(event: WechatMiniprogram.CustomEvent<{ path: string }>) {
    this.setData({ cardPath: event.detail.path });
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
    const { guide: head, slug, cardPath } = this.data;
    return {
      title: head?.title ?? '澄育',
      path: `/pages/guide/guide?slug=${slug}`,
      ...(cardPath ? { imageUrl: cardPath } : {}),
    };
  },
});

/** What is drawn of a guide; the whole of it would be sent to the page twice. */
function shown(read: Guide) {
  const { title, series_title, topic, age_text, minutes, summary } = read;
  const theme = themeNow();
  return {
    guide: { title, series_title, topic, age_text, minutes, summary },
    standing: standing(read.review, read.signed),
    blocks: read.blocks.map((block, index) => blockView(block, index, theme)),
    contents: contents(read.headings, minutes),
    onward: onward(read.blocks, read.related),
    sources: read.sources.map(sourceLine),
    card: { title, summary, age: age_text },
  };
}
