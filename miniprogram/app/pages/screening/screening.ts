import {
  forgetAnswers,
  forgetTalk,
  keepAnswers,
  noteTalk,
  screenings,
} from '../../services/clinic';
import type { Screening, Screenings, SignAnswer } from '../../services/clinic-types';
import { children, chosenChild } from '../../services/people';
import type { Child } from '../../services/types';
import { ageLine, ANSWERS, questionRows, type QuestionRow } from '../../utils/clinic';
import { fullDayText } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

type Chosen = Record<string, SignAnswer>;

Page({
  data: {
    status: 'loading',
    message: '',
    visit: '',
    child: null as Child | null,
    found: null as Screenings | null,
    screening: null as Screening | null,
    age: '',
    choices: ANSWERS,
    chosen: {} as Chosen,
    rows: [] as QuestionRow[],
    writing: false,
    answeredOn: '',
    talked: '',
    /** The day of the talk that is being chosen. */
    day: '',
    dayText: '',
    /** What was deleted a moment ago. */
    removed: null as Chosen | null,
    busy: '' as '' | 'save' | 'talk' | 'forget',
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ visit: query.visit ?? '' });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const child = chosenChild(await children());
      const found = child && (await screenings(child.id));
      const one = found?.items.find(({ id }) => id === this.data.visit);
      if (!child || !found || !one?.reached) {
        this.setData({ status: 'empty' });
        return;
      }
      this.setData({ child, status: 'ready' });
      this.show(found);
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  show(found: Screenings) {
    const screening = found.items.find(({ id }) => id === this.data.visit) ?? null;
    const answered = screening?.answered ?? null;
    this.setData({
      found,
      screening,
      age: ageLine(found.fit),
      writing: !answered,
      answeredOn: answered ? fullDayText(answered.answered_on) : '',
      talked: answered?.talked_on ? fullDayText(answered.talked_on) : '',
      day: found.today,
      dayText: fullDayText(found.today),
      problem: '',
    });
    this.draw(answered?.answers ?? {});
  },

  draw(chosen: Chosen) {
    const { screening } = this.data;
    this.setData({ chosen, rows: screening ? questionRows(screening, chosen) : [] });
  },

  choose(event: WechatMiniprogram.TouchEvent) {
    const { id, answer } = event.currentTarget.dataset as { id: string; answer: SignAnswer };
    this.setData({ problem: '' });
    this.draw({ ...this.data.chosen, [id]: answer });
  },

  change() {
    this.setData({ writing: true, removed: null });
  },

  keepOld() {
    if (this.data.found) this.show(this.data.found);
  },

  async save() {
    const missing = this.data.rows.filter(({ answer }) => !answer).length;
    if (missing) {
      this.setData({ problem: `还有 ${missing} 条没有选` });
      return;
    }
    await this.send('save', (child: number) =>
      keepAnswers(child, this.data.visit, this.data.chosen),
    );
    if (!this.data.problem) {
      this.setData({ removed: null });
      wx.pageScrollTo({ scrollTop: 0, duration: 0 });
    }
  },

  async forget() {
    const removed = this.data.chosen;
    await this.send('forget', (child: number) => forgetAnswers(child, this.data.visit));
    if (!this.data.problem) {
      this.setData({ removed });
      wx.pageScrollTo({ scrollTop: 0, duration: 0 });
    }
  },

  async restore() {
    const { removed } = this.data;
    if (!removed) return;
    await this.send('save', (child: number) => keepAnswers(child, this.data.visit, removed));
    if (!this.data.problem) this.setData({ removed: null });
  },

  chooseDay(event: WechatMiniprogram.PickerChange) {
    const day = String(event.detail.value);
    this.setData({ day, dayText: fullDayText(day) });
  },

  noteTalk() {
    return this.send('talk', (child: number) => noteTalk(child, this.data.visit, this.data.day));
  },

  forgetTalk() {
    return this.send('talk', (child: number) => forgetTalk(child, this.data.visit));
  },

  async send(busy: 'save' | 'talk' | 'forget', write: (childId: number) => Promise<Screenings>) {
    const { child } = this.data;
    if (!child || this.data.busy) return;
    this.setData({ busy, problem: '' });
    try {
      this.show(await write(child.id));
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: '' });
    }
  },

  toList() {
    open('/pages/screenings/screenings');
  },
});
