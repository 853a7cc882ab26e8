/** Handbook items as the parent reads them; pure functions of the answer and its `today`. */

import type { HandbookItem, ItemKind, ItemStatus } from '../services/types';
import { dayText, daysBetween, nearDay } from './dates';

export interface ItemView {
  id: string;
  kind: ItemKind;
  kindText: string;
  title: string;
  summary: string;
  status: ItemStatus;
  when: string;
}

export interface ItemGroup {
  name: ItemStatus;
  title: string;
  items: ItemView[];
  count: number;
  /** Long or finished groups begin folded. */
  folded: boolean;
}

const KIND_TEXTS: Record<ItemKind, string> = {
  vaccine: '接种',
  checkup: '体检',
  guide: '指南',
  mother: '妈妈',
};

const GROUPS: { name: ItemStatus; title: string; folded: boolean }[] = [
  { name: 'due', title: '现在要做', folded: false },
  { name: 'overdue', title: '已逾期', folded: false },
  { name: 'upcoming', title: '接下来', folded: false },
  { name: 'done', title: '已完成', folded: true },
  { name: 'past', title: '已过去', folded: true },
];

/** What has no day comes last. */
const LAST_DAY = '9999-12-31';

/** Of what is to be done now: so that the chapters below are not far away. */
export const NOW_FEW = 3;
/** Of what is to come. */
export const LATER_FEW = 5;

/** The programme is silent there, and nothing is computed. */
export const ASK_CLINIC = '请接种门诊核对';

function whenText(item: HandbookItem, today: string): string {
  if (item.status === 'done') return doneText(item, today);
  if (item.kind === 'vaccine' && item.status === 'past') return '不再接种';
  if (!item.due_date || !item.from_date) return ASK_CLINIC;
  const last = item.until_date ?? item.due_date;
  switch (item.status) {
    case 'overdue':
      return `推荐 ${dayText(last, today)}前，过了 ${howLong(daysBetween(last, today))}`;
    case 'past':
      return `${dayText(last, today)} 已过`;
    case 'upcoming':
      return `${nearDay(item.from_date, today) || dayText(item.from_date, today)} 起`;
    case 'due':
      return item.kind === 'guide' ? '现在读正合适' : dueText(item, today);
  }
}

function doneText(item: HandbookItem, today: string): string {
  const text = item.done_on ? `${dayText(item.done_on, today)} 已完成` : '已完成';
  return item.ask_clinic ? `${text}，${ASK_CLINIC}` : text;
}

/** After two months the number of days says nothing more. */
function howLong(days: number): string {
  return days <= 60 ? `${days} 天` : `${Math.floor(days / 30.4)} 个月`;
}

function dueText(item: HandbookItem, today: string): string {
  if (!item.until_date) return '现在可做';
  const near = nearDay(item.until_date, today);
  if (near) return `${near}是推荐时间的最后一天`;
  return item.until_date < today
    ? '推荐时间已过，还可以补做'
    : `现在可做，${dayText(item.until_date, today)}前`;
}

export function itemView(item: HandbookItem, today: string): ItemView {
  return {
    id: item.id,
    kind: item.kind,
    kindText: KIND_TEXTS[item.kind],
    title: item.title,
    summary: item.summary,
    status: item.status,
    when: whenText(item, today),
  };
}

/** The documents that an item's own page lists. */
export function namedSources(item: HandbookItem): string[] {
  return item.page?.sections.find(({ heading }) => heading === '来源')?.lines ?? [];
}

/** Of documents joined by the server, those that are not in the list. */
export function unnamed(source: string, named: string[]): string {
  const titles = source.split('；').filter(Boolean);
  return titles.filter((title) => !named.includes(title)).join('；');
}

/** What is to be done comes by its last day, the most pressing first; reading can wait. */
function order(status: ItemStatus): (a: HandbookItem, b: HandbookItem) => number {
  const backwards = status === 'done' || status === 'past' ? -1 : 1;
  const open = status === 'due' || status === 'overdue';
  const date = (item: HandbookItem) =>
    item.done_on ?? ((open && item.until_date) || item.due_date || LAST_DAY);
  const reading = (item: HandbookItem) => Number(open && item.kind === 'guide');
  return (a, b) => reading(a) - reading(b) || (date(a) < date(b) ? -1 : 1) * backwards;
}

export function grouped(items: HandbookItem[], today: string): ItemGroup[] {
  return GROUPS.map(({ name, title, folded }) => {
    const own = items.filter((item) => item.status === name).sort(order(name));
    const views = own.map((item) => itemView(item, today));
    return { name, title, items: views, count: views.length, folded };
  }).filter((group) => group.count > 0);
}

/** What the book opens with: what is to be done; when nothing is, the next to come. */
export function nowGroups(items: HandbookItem[], today: string): ItemGroup[] {
  const open = items.filter(({ status }) => status === 'due' || status === 'overdue');
  if (open.length) return grouped(open, today);
  const next = nextThings(items, today, NOW_FEW);
  if (!next.length) return [];
  return [{ name: 'upcoming', title: '最近要做', items: next, count: next.length, folded: false }];
}

/** The rest of the way, of one kind or of all. */
export function laterGroups(
  items: HandbookItem[],
  today: string,
  kind: ItemKind | '',
): ItemGroup[] {
  const rest = items.filter(({ status }) => status !== 'due' && status !== 'overdue');
  return grouped(kind ? rest.filter((item) => item.kind === kind) : rest, today);
}

/** What of a group is shown, and the words that show more or less of it. */
export function itemsShown(
  { items, count, folded }: ItemGroup,
  few: number,
  opened: boolean,
): { items: ItemView[]; moreText: string } {
  if (folded) return { items: opened ? items : [], moreText: '' };
  if (count <= few) return { items, moreText: '' };
  if (opened) return { items, moreText: '收起' };
  return { items: items.slice(0, few), moreText: `还有 ${count - few} 项` };
}

/**
 * What a parent should see first: what is due now, then the next to come. Guides are listed
 * elsewhere, and what is late is only counted: after registering, much of it was done long ago.
 */
export function nextThings(items: HandbookItem[], today: string, most: number): ItemView[] {
  const rank: Partial<Record<ItemStatus, number>> = { due: 0, upcoming: 1 };
  const last = (item: HandbookItem) => item.until_date ?? item.due_date ?? LAST_DAY;
  return items
    .filter((item) => item.kind !== 'guide' && rank[item.status] !== undefined)
    .sort((a, b) => {
      const byRank = (rank[a.status] ?? 0) - (rank[b.status] ?? 0);
      return byRank || last(a).localeCompare(last(b));
    })
    .slice(0, most)
    .map((item) => itemView(item, today));
}

export function lateCount(items: HandbookItem[]): number {
  return items.filter((item) => item.status === 'overdue').length;
}
