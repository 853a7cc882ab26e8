/** The doses of a child by vaccine, as the vaccination book of paper has them. */

import type { HandbookItem } from '../services/types';
import { fullDayText } from './dates';
import { itemView, type ItemView } from './handbook';

export interface VaccineView {
  name: string;
  /** 打了 1 剂，共 3 剂 */
  count: string;
  overdue: boolean;
  /** Its next dose, or that all is given or nothing more is. */
  next: string;
  status: string;
  doses: ItemView[];
}

/** What is late comes first, then what can be done, then the rest as the programme has it. */
const ORDER = ['overdue', 'due', 'upcoming', 'past', 'done'];

export function vaccineViews(items: HandbookItem[], today: string): VaccineView[] {
  const names = new Set(items.flatMap(({ series }) => (series ? [series] : [])));
  return [...names]
    .map((name) => viewOf(name, items, today))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
}

function viewOf(name: string, items: HandbookItem[], today: string): VaccineView {
  const own = items.filter(({ series }) => series === name).sort(byTitle);
  const given = own.filter(({ status }) => status === 'done').length;
  const next = own.find(({ status }) => status !== 'done' && status !== 'past');
  const status = next?.status ?? (given === own.length ? 'done' : 'past');
  return {
    name,
    count: `已记 ${given} 剂，共 ${own.length} 剂`,
    overdue: own.some((dose) => dose.status === 'overdue'),
    next: next ? itemView(next, today).when : endText(given, own.length),
    status: own.some((dose) => dose.status === 'overdue') ? 'overdue' : status,
    doses: own.map((dose) => ({ ...itemView(dose, today), title: shortTitle(dose) })),
  };
}

/** Doses without a day stand where their number puts them. */
function byTitle(a: HandbookItem, b: HandbookItem): number {
  return a.title.localeCompare(b.title, 'zh');
}

function endText(given: number, all: number): string {
  return given === all ? '已打完' : '不再接种';
}

/** 第1剂 of 乙肝疫苗第1剂; a vaccine of one dose has no number. */
function shortTitle({ title, series }: HandbookItem): string {
  return title.slice(series?.length ?? 0) || '第1剂';
}

/** 2026年5月6日 起，推荐 2026年8月6日前；or that nobody computes it. */
export function spanText(item: HandbookItem): string {
  if (item.kind === 'vaccine' && item.status === 'done') return earlyText(item);
  if (item.kind === 'vaccine' && item.status === 'past') return '';
  if (!item.from_date) return '程序没有写这时怎么算，这里不推算日期。';
  const from = fullDayText(item.from_date);
  const until = item.until_date;
  if (!until || until === item.from_date) return `${from} 起`;
  return until > item.from_date
    ? `${from} 到 ${fullDayText(until)}`
    : `${from} 起，推荐时间是 ${fullDayText(until)}前`;
}

/** From when it might have been given, where it was given before that. */
function earlyText({ earliest_date: earliest, done_on: day }: HandbookItem): string {
  return earliest && day && day < earliest ? `程序里最早 ${fullDayText(earliest)}` : '';
}

/** What stands between a dose and its day. */
export function waitText(item: HandbookItem): string {
  return item.waits_for
    ? `${item.waits_for}还没有记录：打过的请先补记；没打过的先打它，这一剂往后推。`
    : '';
}
