import { codeOf } from '../../services/errors';
import { answerQuestion, quiz } from '../../services/quiz';
import type { Quiz } from '../../services/library-types';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import {
  firstOpen,
  questionView,
  resultView,
  type QuestionView,
  type ResultView,
} from '../../utils/quiz';

Page({
  data: {
    status: 'loading',
    message: '',
    id: 0,
    /** Which of the questions is shown, counted from 0; the result comes after the last. */
    index: 0,
    count: 0,
    question: null as QuestionView | null,
    result: null as ResultView | null,
    /** The option that is being sent, counted from 1; 0 for none. */
    sending: 0,
  },

  quiz: null as Quiz | null,

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ id: Number(query.id ?? 0) });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const read = await quiz(this.data.id);
      this.quiz = read;
      if (read.state === 'open') this.show(firstOpen(read));
      else this.finish();
      this.setData({ status: 'ready' });
    } catch (error) {
      const gone = codeOf(error) === 'not_found';
      this.setData({ status: gone ? 'empty' : 'error', message: sentence(error) });
    }
  },

  show(index: number) {
    if (!this.quiz) return;
    const { questions } = this.quiz;
    this.setData({
      index,
      count: questions.length,
      question: questionView(questions[index], index, questions.length),
      result: null,
    });
  },

  finish() {
    if (this.quiz) this.setData({ question: null, result: resultView(this.quiz) });
  },

  async answer(event: WechatMiniprogram.TouchEvent) {
    const { question, sending, id, index } = this.data;
    if (!question || question.answered || sending) return;
    const chosen = Number(event.currentTarget.dataset.number);
    this.setData({ sending: chosen });
    try {
      this.quiz = await answerQuestion(id, question.position, chosen);
      this.show(index);
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
      // answered elsewhere, taken back or too late: what the service has now is shown
      if (codeOf(error).startsWith('quiz_')) await this.load();
    } finally {
      this.setData({ sending: 0 });
    }
  },

  next() {
    const { index, count } = this.data;
    wx.pageScrollTo({ scrollTop: 0, duration: 0 });
    if (index + 1 < count) this.show(index + 1);
    else this.finish();
  },

  follow(event: WechatMiniprogram.TouchEvent) {
    open(String(event.currentTarget.dataset.page));
  },

  again() {
    if (getCurrentPages().length > 1) wx.navigateBack();
    else wx.redirectTo({ url: '/pages/quiz/quiz' });
  },
});
