/** Check-ups and screenings as the family reads them; pure functions of the answers. */

import type {
  Checkup,
  Checkups,
  CheckupResult,
  NewbornTest,
  OutcomeKind,
  PaperResult,
  Screening,
  ScreeningFit,
  Screenings,
  SignAnswer,
} from '../services/clinic-types';
import { fullDayText } from './dates';

export const ANSWERS: { name: SignAnswer; title: string }[] = [
  { name: 'yes', title: '有' },
  { name: 'no', title: '没有' },
  { name: 'unsure', title: '不确定' },
];

export const PAPER_RESULTS: { name: PaperResult; title: string }[] = [
  { name: 'passed', title: '通过' },
  { name: 'recheck', title: '未通过，需复查' },
  { name: 'unclear', title: '不清楚' },
];

/** Calm colours: a sign is a reason to ask, not an alarm. */
const PILLS: Record<OutcomeKind, string> = { go_on: 'pill-good', ask: '', clinic: 'pill-warn' };
const SHORT: Record<OutcomeKind, string> = {
  go_on: '继续观察',
  ask: '有拿不准的',
  clinic: '请联系儿保门诊',
};

/** What a textarea gives, on one line: the service keeps no line breaks. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

export interface ScreeningRow {
  id: string;
  title: string;
  state: string;
  pill: string;
  day: string;
  /** By which age this one fits, where there are two. */
  basis: string;
}

export function screeningRow({ id, title, answered }: Screening, basis = ''): ScreeningRow {
  if (!answered) return { id, title, state: '还没有填', pill: '', day: '', basis };
  const { kind } = answered.outcome;
  const talked = kind === 'clinic' && answered.talked_on;
  return {
    id,
    title,
    state: talked ? '已和门诊谈过' : SHORT[kind],
    pill: talked ? 'pill-good' : PILLS[kind],
    day: `${fullDayText(answered.answered_on)}填写`,
    basis,
  };
}

export interface ScreeningList {
  /** What fits today, first; both columns for a child born early. */
  now: ScreeningRow[];
  earlier: ScreeningRow[];
  later: string;
}

export function screeningList({ items, fit }: Screenings): ScreeningList {
  const nowIds = [fit.screening_id, fit.by_actual_id];
  const reached = items.filter((item) => item.reached);
  const basisOf = (id: string) => {
    if (fit.basis === 'actual') return '';
    return id === fit.screening_id ? '按矫正月龄' : '按出生日期';
  };
  const later = items.filter((item) => !item.reached).map((item) => item.title);
  return {
    now: reached
      .filter(({ id }) => nowIds.includes(id))
      .map((item) => screeningRow(item, basisOf(item.id))),
    earlier: reached
      .filter(({ id }) => !nowIds.includes(id))
      .map((item) => screeningRow(item))
      .reverse(),
    later: later.join('、'),
  };
}

/** 实足 8 个月, or for a child born early both ages and which of them is used. */
export function ageLine({ basis, actual_months, corrected_months }: ScreeningFit): string {
  if (basis === 'actual') return `实足 ${actual_months} 个月`;
  return `实足 ${actual_months} 个月，矫正 ${corrected_months ?? 0} 个月，按矫正月龄看`;
}

export interface QuestionRow {
  id: string;
  text: string;
  answer: SignAnswer | '';
  answerText: string;
}

export function questionRows(
  { questions }: Screening,
  chosen: Record<string, SignAnswer>,
): QuestionRow[] {
  return questions.map(({ id, text }) => {
    const answer = chosen[id] ?? '';
    const answerText = ANSWERS.find(({ name }) => name === answer)?.title ?? '';
    return { id, text, answer, answerText };
  });
}

/** What is kept of a check-up, a line each; nothing for what was left out. */
export function resultLines(result: CheckupResult): { name: string; text: string }[] {
  const { place, haemoglobin, teeth, hearing, vision, advice } = result;
  return [
    { name: '在哪里', text: place },
    { name: '血红蛋白', text: haemoglobin === null ? '' : `${haemoglobin} 克/升` },
    { name: '牙齿', text: teeth === null ? '' : `${teeth} 颗` },
    { name: '听力', text: hearing },
    { name: '眼睛', text: vision },
    { name: '医生的话', text: advice },
  ].filter(({ text }) => text);
}

export interface EyeRow {
  id: string;
  itemId: string;
  title: string;
  span: string;
  vision: string;
  hearing: string;
  found: string;
}

export interface EyeGroup {
  title: string;
  rows: EyeRow[];
}

/** What is looked at now and later comes first; what is over is below, under its own heading. */
export function eyeGroups({ items, today }: Checkups): EyeGroup[] {
  const isOver = ({ until_date: until }: Checkup) => until !== null && until < today;
  return [
    { title: '', rows: items.filter((one) => !isOver(one)).map(eyeRow) },
    { title: '以前的几次', rows: items.filter(isOver).map(eyeRow) },
  ].filter(({ rows }) => rows.length > 0);
}

export function eyeRow(checkup: Checkup): EyeRow {
  const { result, until_date: until } = checkup;
  const found = [
    result?.vision ? `眼睛：${result.vision}` : '',
    result?.hearing ? `听力：${result.hearing}` : '',
  ].filter(Boolean);
  return {
    id: checkup.id,
    itemId: checkup.item_id,
    title: checkup.title,
    span: until
      ? `${fullDayText(checkup.from_date)} 到 ${fullDayText(until)}`
      : `${fullDayText(checkup.from_date)} 起`,
    vision: checkup.vision.join('、'),
    hearing: checkup.hearing ?? '',
    found: found.join('；'),
  };
}

export interface NewbornRow extends NewbornTest {
  state: string;
  pill: string;
  day: string;
}

export function newbornRow(test: NewbornTest): NewbornRow {
  const { result } = test;
  const pill = { passed: 'pill-good', recheck: 'pill-warn', unclear: '' };
  return {
    ...test,
    state: PAPER_RESULTS.find(({ name }) => name === result?.result)?.title ?? '还没有记',
    pill: result ? pill[result.result] : '',
    day: result ? fullDayText(result.done_on) : '',
  };
}

/** A whole number as it was typed; null for nothing, NaN for what is no number. */
export function typedNumber(text: string): number | null {
  const typed = text.trim();
  if (!typed) return null;
  return /^\d{1,4}$/.test(typed) ? Number(typed) : NaN;
}
