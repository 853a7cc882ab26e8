/** How the diary and the check of the home are drawn, as plain functions. */

import type { DiaryEntry, DiaryMonth, Hazard, HomeAnswer, HomeItem } from '../services/diary-types';
import { dayText, monthsOld, weekday } from './dates';

export interface EntryView {
  id: number;
  title: string;
  /** 8月龄 */
  age: string;
  note: string;
  photo: boolean;
  /** The photo's place on the phone; empty until it is there. */
  src: string;
  label: string;
}

export interface MonthView {
  month: string;
  title: string;
  entries: EntryView[];
}

export function monthView(found: DiaryMonth, birth: string, today: string): MonthView[] {
  if (!found.month || !found.items.length) return [];
  const [year, month] = found.month.split('-').map(Number);
  return [
    {
      month: found.month,
      title: `${year}年${month}月`,
      entries: found.items.map((entry) => entryView(entry, birth, today)),
    },
  ];
}

function entryView(entry: DiaryEntry, birth: string, today: string): EntryView {
  const title = `${dayText(entry.day, today)} ${weekday(entry.day)}`;
  const note = entry.note ?? '';
  return {
    id: entry.id,
    title,
    age: ageText(monthsOld(birth, entry.day)),
    note,
    photo: entry.photo,
    src: '',
    label: [title, entry.photo ? '有照片' : '', note].filter(Boolean).join('，'),
  };
}

function ageText(months: number): string {
  if (!months) return '未满月';
  if (months < 24) return `${months}月龄`;
  const rest = months % 12;
  return `${Math.floor(months / 12)}岁${rest ? `${rest}个月` : ''}`;
}

export interface HazardView extends Hazard {
  /** Of all its items, each named once. */
  sources: string;
}

export function hazardView(hazard: Hazard): HazardView {
  const checked = hazard.items.filter(({ verified }) => verified);
  const titles = new Set(checked.flatMap(({ source }) => source.split(/、(?=《)/)));
  return { ...hazard, sources: [...titles].join('、') };
}

export interface ToDo extends HomeItem {
  guide_slug: string | null;
}

export interface HomeResult {
  done: number;
  answered: number;
  asked: number;
  todo: ToDo[];
  /** One sentence; never a mark out of a hundred. */
  words: string;
}

export function homeResult(
  hazards: Hazard[],
  answers: Record<string, HomeAnswer | undefined>,
): HomeResult {
  const items = hazards.flatMap((hazard) =>
    hazard.items.map((item) => ({ ...item, guide_slug: hazard.guide_slug })),
  );
  const given = items.filter(({ id }) => answers[id]);
  const todo = given.filter(({ id }) => answers[id] === 'not_yet');
  const done = given.filter(({ id }) => answers[id] === 'done').length;
  return {
    done,
    answered: given.length,
    asked: items.length,
    todo,
    words: words(todo.length, items.length - given.length),
  };
}

function words(todo: number, open: number): string {
  if (todo) return `有 ${todo} 处现在就可以动手`;
  return open ? `选过的都做到了，还有 ${open} 条没选` : '选过的都做到了';
}
