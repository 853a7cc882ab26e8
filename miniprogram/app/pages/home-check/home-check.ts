import { homeCheck, keepHomeCheck } from '../../services/diary';
import type { Hazard, HomeAnswer } from '../../services/diary-types';
import { chooseChild } from '../../services/people';
import type { Child } from '../../services/types';
import { attempt } from '../../utils/attempts';
import { childLoader } from '../../utils/child-loader';
import { fullDayText } from '../../utils/dates';
import { hazardView, homeResult, type HazardView, type HomeResult } from '../../utils/diary';
import { sentenceOf } from '../../utils/messages';
import { open } from '../../utils/navigation';

type Answers = Record<string, HomeAnswer | undefined>;

const CHOICES: { value: HomeAnswer; title: string }[] = [
  { value: 'done', title: '做到了' },
  { value: 'not_yet', title: '还没有' },
  { value: 'not_here', title: '不适用' },
];

const loader = childLoader();

Page({
  data: {
    status: 'loading',
    message: '',
    children: [] as Child[],
    child: null as Child | null,
    agreed: false,
    hazards: [] as HazardView[],
    choices: CHOICES,
    answers: {} as Answers,
    /** The day of the result that is shown; empty while the check is gone through. */
    day: '',
    dayText: '',
    result: null as HomeResult | null,
    changed: false,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    if (query.child) chooseChild(Number(query.child));
  },

  onShow() {
    // back from a text: what was ticked meanwhile stays
    return this.load();
  },

  load() {
    return loader.load(this, async (child, all) => {
      const { agreed, hazards, last } = await homeCheck(child.id);
      this.setData({ children: all, child, agreed, hazards: hazards.map(hazardView) });
      if (!this.data.changed) this.show(last?.answers ?? {}, last?.day ?? '');
      this.setData({ status: hazards.length ? 'ready' : 'empty' });
    });
  },

  show(answers: Answers, day: string) {
    this.setData({
      answers,
      day,
      dayText: day ? fullDayText(day) : '',
      result: day ? homeResult(this.data.hazards, answers) : null,
    });
  },

  answer(event: WechatMiniprogram.TouchEvent) {
    const { id, value } = event.currentTarget.dataset;
    const answers = { ...this.data.answers, [String(id)]: value as HomeAnswer };
    this.setData({ answers, changed: true, problem: '' });
  },

  async save() {
    const { child, agreed, answers, hazards, busy } = this.data;
    if (!child || busy) return;
    const given = homeResult(hazards, answers);
    if (!given.answered) {
      this.setData({ problem: sentenceOf('home_check_empty') });
      return;
    }
    if (!agreed) {
      this.setData({ result: given, dayText: '', problem: '' });
      wx.pageScrollTo({ scrollTop: 0 });
      return;
    }
    await attempt(this, async () => {
      const kept = await keepHomeCheck(child.id, chosenOnly(hazards, answers));
      this.setData({ changed: false });
      this.show(kept.answers, kept.day);
      wx.pageScrollTo({ scrollTop: 0 });
    });
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    this.setData({ status: 'loading', changed: false, result: null });
    return this.load();
  },

  readGuide(event: WechatMiniprogram.TouchEvent) {
    open(`/pages/guide/guide?slug=${String(event.currentTarget.dataset.slug)}`);
  },

  readText() {
    open('/pages/consent/consent?ask=diary');
  },

  toHandbook() {
    open('/pages/handbook/handbook');
  },
});

/** Answers to what is asked at this age; older ones were about a younger child. */
function chosenOnly(hazards: Hazard[], answers: Answers): Record<string, HomeAnswer> {
  const ids = hazards.flatMap((hazard) => hazard.items.map((item) => item.id));
  return Object.fromEntries(
    ids.flatMap((id) => {
      const answer = answers[id];
      return answer ? [[id, answer] as const] : [];
    }),
  );
}
