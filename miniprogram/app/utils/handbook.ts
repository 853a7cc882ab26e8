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
};

const GROUPS: { name: ItemStatus; title: string; folded: boolean }[] = [
  { name: 'due', title: '现在要做', folded: false },
  { name: 'overdue', title: '已逾期', folded: false },
  { name: 'upcoming', title: '接下来', folded: false },
  { name: 'done', title: '已完成', folded: true },
  { name: 'past', title: '已过去', folded: true },
];

/** How many items of a long group are shown before it is opened. */
export const FIRST_FEW = 5;

function whenText(item: HandbookItem, today: string): string {
  if (item.status === 'done') {
    return item.done_on ? `${dayText(item.done_on, today)} 已完成` : '已完成';
  }
  if (item.status === 'overdue') {
    return `原定 ${dayText(item.due_date, today)}，已过 ${daysBetween(item.due_date, today)} 天`;
  }
  if (item.status === 'due') {
    if (item.kind === 'guide') return '这个月读';
    return nearDay(item.due_date, today)
      ? `${nearDay(item.due_date, today)}就该做了`
      : `现在可做，${dayText(item.due_date, today)} 前完成`;
  }
  if (item.status === 'past') return `${dayText(item.until_date ?? item.due_date, today)} 已过`;
  return `${dayText(item.from_date, today)} 起`;
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

function order(status: ItemStatus): (a: HandbookItem, b: HandbookItem) => number {
  const backwards = status === 'done' || status === 'past' ? -1 : 1;
  const date = (item: HandbookItem) => item.done_on ?? item.due_date;
  return (a, b) => (date(a) < date(b) ? -1 : 1) * backwards;
}

export function grouped(items: HandbookItem[], today: string): ItemGroup[] {
  return GROUPS.map(({ name, title, folded }) => {
    const own = items.filter((item) => item.status === name).sort(order(name));
    const views = own.map((item) => itemView(item, today));
    return { name, title, items: views, count: views.length, folded };
  }).filter((group) => group.count > 0);
}

/** What a parent should see first: overdue, then due, then the next to come; guides are listed elsewhere. */
export function nextThings(items: HandbookItem[], today: string, most: number): ItemView[] {
  const rank: Partial<Record<ItemStatus, number>> = { overdue: 0, due: 1, upcoming: 2 };
  return items
    .filter((item) => item.kind !== 'guide' && rank[item.status] !== undefined)
    .sort((a, b) => {
      const byRank = (rank[a.status] ?? 9) - (rank[b.status] ?? 9);
      return byRank || (a.due_date < b.due_date ? -1 : 1);
    })
    .slice(0, most)
    .map((item) => itemView(item, today));
}
