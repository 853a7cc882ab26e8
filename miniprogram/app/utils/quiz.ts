/** Questions and results as the pages of the knowledge check show them. */

import type { Question, Quiz, Solution } from '../services/library-types';
import { pieceUrl } from './pieces';

interface OptionView {
  number: number;
  text: string;
  /** right, wrong, or nothing special. */
  tone: string;
  /** In words, for who cannot tell the colours apart. */
  said: string;
}

export interface QuestionView {
  position: number;
  progress: string;
  percent: number;
  text: string;
  options: OptionView[];
  answered: boolean;
  correct: boolean;
  verdict: string;
  explanation: string;
  guide: { title: string; page: string } | null;
  sources: string;
  last: boolean;
}

export function questionView(question: Question, index: number, count: number): QuestionView {
  const { solution } = question;
  return {
    position: question.position,
    progress: `${index + 1}/${count}`,
    percent: Math.round(((index + (solution ? 1 : 0)) / count) * 100),
    text: question.text,
    options: question.options.map((text, place) => optionView(text, place + 1, solution)),
    answered: solution !== null,
    correct: solution?.correct ?? false,
    verdict: solution?.correct ? '答对了' : '这一题，记一下',
    explanation: solution?.explanation ?? '',
    guide: guideLine(solution),
    sources: solution
      ? solution.sources.map(({ title, year }) => `${title}（${year}）`).join('；')
      : '',
    last: index + 1 === count,
  };
}

function optionView(text: string, number: number, solution: Solution | null): OptionView {
  if (solution?.right === number) {
    const said = solution.chosen === number ? '你选的，正确' : '正确答案';
    return { number, text, tone: 'right', said };
  }
  if (solution?.chosen === number) return { number, text, tone: 'wrong', said: '你选的' };
  return { number, text, tone: '', said: '' };
}

function guideLine(solution: Solution | null): { title: string; page: string } | null {
  const guide = solution?.guide;
  return guide ? { title: guide.title, page: pieceUrl({ kind: 'guide', slug: guide.slug }) } : null;
}

/** The first question without an answer; the last one when all have theirs. */
export function firstOpen({ questions }: Quiz): number {
  const open = questions.findIndex(({ solution }) => solution === null);
  return open < 0 ? questions.length - 1 : open;
}

interface WrongView {
  position: number;
  text: string;
  right: string;
  explanation: string;
  guide: { title: string; page: string } | null;
}

export interface ResultView {
  band: string;
  expired: boolean;
  correct: number;
  answered: number;
  head: string;
  words: string;
  withdrawn: number;
  wrong: WrongView[];
}

export function resultView(quiz: Quiz): ResultView {
  const expired = quiz.state === 'expired';
  const [head, words] = expired ? EXPIRED : kindWords(quiz.correct, quiz.answered);
  return {
    band: quiz.band_title,
    expired,
    correct: quiz.correct,
    answered: quiz.answered,
    head,
    words,
    withdrawn: quiz.withdrawn,
    wrong: quiz.questions
      .filter(({ position }) => quiz.wrong.includes(position))
      .map((question) => wrongView(question)),
  };
}

const EXPIRED = [
  '这一套没有答完',
  '过了一天就不再计分。答过的讲解还在下面，想答再开一套。',
] as const;

function kindWords(correct: number, answered: number): readonly [string, string] {
  const share = answered ? correct / answered : 0;
  if (share === 1) return ['全都答对了', '这些你都心里有数了。'];
  if (share >= 0.8) return ['懂得真不少', '剩下的几题看一眼讲解，就更踏实了。'];
  if (share >= 0.5) return ['已经知道一大半', '没答对的，正好今天学会。'];
  return ['今天学到了新东西', '谁都是边带边学的。下面几篇，慢慢看。'];
}

function wrongView({ position, text, options, solution }: Question): WrongView {
  return {
    position,
    text,
    right: solution ? options[solution.right - 1] : '',
    explanation: solution?.explanation ?? '',
    guide: guideLine(solution),
  };
}
