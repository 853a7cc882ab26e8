import { guides, keptGuide } from '../../services/guides';
import { certainMarks, setFavourite } from '../../services/marks';
import { keptRecipe, recipes } from '../../services/recipes';
import type { Marks, Piece } from '../../services/library-types';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { pieceView, type PieceView } from '../../utils/pieces';

interface Line {
  slug: string;
  title: string;
  /** null: the text is not shown any more. */
  piece: PieceView | null;
  removed: boolean;
}

Page({
  data: { status: 'loading', message: '', lines: [] as Line[] },

  onShow() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const marked = await certainMarks();
      const lines = marked.favourites.length ? linesOf(await everyPiece(), marked) : [];
      this.setData({ lines, status: lines.length ? 'ready' : 'empty' });
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  /** The line stays where it is, with a way back, until the page is left. */
  remove(event: WechatMiniprogram.TouchEvent) {
    return this.change(String(event.currentTarget.dataset.slug), true);
  },

  undo(event: WechatMiniprogram.TouchEvent) {
    return this.change(String(event.currentTarget.dataset.slug), false);
  },

  async change(slug: string, removed: boolean) {
    this.setRemoved(slug, removed);
    try {
      await setFavourite(slug, !removed);
    } catch (error) {
      this.setRemoved(slug, !removed);
      wx.showToast({ title: sentence(error), icon: 'none' });
    }
  },

  setRemoved(slug: string, removed: boolean) {
    const lines = this.data.lines.map((line) => (line.slug === slug ? { ...line, removed } : line));
    this.setData({ lines });
  },

  openPiece(event: WechatMiniprogram.CustomEvent<{ url: string }>) {
    open(event.detail.url);
  },

  toGuides() {
    open('/pages/guides/guides');
  },
});

interface Pieces {
  list: Piece[];
  /** Why some of them are not known; nothing when all of them are. */
  missing: unknown;
}

/** Favourites come as slugs; every list is asked for, and mostly answered from the phone. */
async function everyPiece(): Promise<Pieces> {
  let missing: unknown = null;
  const none = (error: unknown): Piece[] => {
    missing = error;
    return [];
  };
  const lists = await Promise.all([
    guides().catch(none),
    guides({ series: 'handbook' }).catch(none),
    guides({ series: 'service' }).catch(none),
    guides({ series: 'before' }).catch(none),
    recipes().catch(none),
  ]);
  return { list: lists.flat(), missing };
}

/** Without a network a list may be missing while its text is on the phone. */
function linesOf({ list, missing }: Pieces, marked: Marks): Line[] {
  const found = marked.favourites.map((slug) => {
    const piece = list.find((one) => one.slug === slug) ?? keptGuide(slug) ?? keptRecipe(slug);
    return { slug, piece };
  });
  if (missing && !found.some(({ piece }) => piece)) throw missing;
  return found.map(({ slug, piece }) => {
    return {
      slug,
      title: piece?.title ?? (missing ? '这一篇要连上网才能看' : '这一篇已撤下'),
      piece: piece ? pieceView(piece, marked) : null,
      removed: false,
    };
  });
}
