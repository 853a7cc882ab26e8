import { guides } from '../../services/guides';
import { knownMarks, marks } from '../../services/marks';
import type { GuideSummary, Marks, Series } from '../../services/library-types';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';
import { pieceView, type PieceView } from '../../utils/pieces';

interface Chapter {
  series: Series;
  title: string;
  about: string;
}

/** Chapters of the national handbook that are texts; the others have pages of their own. */
const CHAPTERS: Record<string, Chapter> = {
  policy: {
    series: 'service',
    title: '政策与免费服务',
    about: '不用花钱的检查、疫苗和上门，该办的证，能休的假。标“待本市填写”的，先打电话问。',
  },
  before: {
    series: 'before',
    title: '孕前',
    about: '打算要孩子，两个人先做这几样。有病、在吃药的，先看“哪些人先看医生再怀”。',
  },
};

interface Group {
  topic: string;
  pieces: PieceView[];
}

Page({
  data: {
    status: 'loading',
    message: '',
    chapter: CHAPTERS.policy,
    groups: [] as Group[],
  },

  all: [] as GuideSummary[],

  onLoad(query: Record<string, string | undefined>) {
    const chapter = CHAPTERS[query.name ?? ''] ?? CHAPTERS.policy;
    wx.setNavigationBarTitle({ title: chapter.title });
    this.setData({ chapter });
    return this.load();
  },

  async onShow() {
    this.draw(await marks());
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      this.all = await guides({ series: this.data.chapter.series });
      this.setData({ status: this.all.length ? 'ready' : 'empty' });
      this.draw(knownMarks());
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  draw(marked: Marks) {
    this.setData({ groups: byTopic(this.all, marked) });
  },

  openPiece(event: WechatMiniprogram.CustomEvent<{ url: string }>) {
    open(event.detail.url);
  },
});

function byTopic(all: GuideSummary[], marked: Marks): Group[] {
  const topics = [...new Set(all.map(({ topic }) => topic))];
  return topics.map((topic) => ({
    topic,
    pieces: all.filter((one) => one.topic === topic).map((one) => pieceView(one, marked)),
  }));
}
