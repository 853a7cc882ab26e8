import { codeOf } from '../../services/errors';
import { children, chosenChild } from '../../services/people';
import { beginQuiz, quizzes, type QuizFor } from '../../services/quiz';
import type { QuizBand, QuizSummary } from '../../services/library-types';
import type { Child } from '../../services/types';
import { cityDay, momentText } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

interface SetLine {
  id: number;
  title: string;
  note: string;
  label: string;
}

/** Empty: the age of the chosen child. */
type Choice = '' | QuizBand;

const BANDS: { name: Choice; title: string }[] = [
  { name: '0-3m', title: '0～3月龄' },
  { name: '4-6m', title: '4～6月龄' },
  { name: '6-12m', title: '6～12月龄' },
  { name: '1-2y', title: '1～2岁' },
  { name: '2-3y', title: '2～3岁' },
  { name: '3-6y', title: '3～6岁' },
];

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    bands: BANDS,
    band: '' as Choice,
    unfinished: null as SetLine | null,
    earlier: [] as SetLine[],
    busy: false,
    problem: '',
  },

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
      const [all, sets] = await Promise.all([children(), quizzes()]);
      const child = chosenChild(all);
      const unfinished = sets.find((one) => one.state === 'open');
      this.setData({
        child,
        bands: child ? [{ name: '', title: `${child.name} · ${child.age_text}` }, ...BANDS] : BANDS,
        band: this.data.band || (child ? '' : BANDS[0].name),
        unfinished: unfinished ? setLine(unfinished) : null,
        earlier: sets.filter((one) => one.state === 'finished').map(setLine),
        status: 'ready',
      });
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  chooseBand(event: WechatMiniprogram.TouchEvent) {
    this.setData({ band: event.currentTarget.dataset.name as Choice, problem: '' });
  },

  async begin() {
    const { busy, child, band } = this.data;
    if (busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      const begun = await beginQuiz(whom(child, band));
      open(`/pages/quiz-set/quiz-set?id=${begun.id}`);
    } catch (error) {
      if (codeOf(error).startsWith('consent_')) askConsent();
      else this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  openSet(event: WechatMiniprogram.TouchEvent) {
    open(`/pages/quiz-set/quiz-set?id=${Number(event.currentTarget.dataset.id)}`);
  },
});

/** A child brings its town along, for whom the answers count, also with another age. */
function whom(child: Child | null, band: Choice): QuizFor {
  return { ...(child ? { child_id: child.id } : {}), ...(band ? { band } : {}) };
}

function askConsent(): void {
  const next = encodeURIComponent('/pages/quiz/quiz');
  wx.redirectTo({ url: `/pages/consent/consent?next=${next}` });
}

function setLine(set: QuizSummary): SetLine {
  const when = momentText(set.finished_at ?? set.begun_at, cityDay(new Date()));
  const done = set.state === 'finished';
  const note = done
    ? `答对 ${set.correct} / ${set.answered} 题 · ${when}`
    : `答了 ${set.answered} / ${set.asked} 题`;
  return { id: set.id, title: set.band_title, note, label: `${set.band_title}，${note}` };
}
