/** What the pregnancy pages say, as plain functions of the answer and the day. */

import type {
  ClinicalWindow,
  OpenPregnancy,
  Pregnancy,
  PregnancyCheckup,
} from '../services/pregnancy-types';
import { dayText, fullDayText } from './dates';

export const WAYS = {
  lmp: '末次月经',
  ultrasound: '超声',
  ivf: '胚胎移植',
  clinic: '医生核定',
};

/** 按末次月经 · 多胎，以医生核定的为准 */
export function wayText({ dated_by, multiple }: OpenPregnancy): string {
  const way = `按${WAYS[dated_by]}${multiple ? ' · 多胎' : ''}`;
  return dated_by === 'clinic' ? way : `${way}，以医生核定的为准`;
}

export interface CheckupView {
  id: string;
  title: string;
  weeks: string;
  when: string;
  status: PregnancyCheckup['status'];
  pill: string;
  pillKind: string;
  done: boolean;
  lines: string[];
  source: string;
}

const PILLS: Record<PregnancyCheckup['status'], [string, string]> = {
  done: ['已做', 'pill-good'],
  due: ['现在可以做', 'pill-accent'],
  upcoming: ['还没到', ''],
  past: ['孕周已过', 'pill-warn'],
};

export function checkupView(checkup: PregnancyCheckup, today: string): CheckupView {
  const [pill, pillKind] = PILLS[checkup.status];
  const span = `${dayText(checkup.from_date, today)}—${dayText(checkup.until_date, today)}`;
  const extra = checkup.extra_items.length
    ? [`有的地方还查：${checkup.extra_items.join('、')}`]
    : [];
  return {
    id: checkup.id,
    title: checkup.title,
    weeks: checkup.first_week
      ? `孕${checkup.first_week}～${checkup.last_week}周`
      : `孕${checkup.last_week + 1}周前`,
    when: checkup.done_on ? `${fullDayText(checkup.done_on)}做过` : span,
    status: checkup.status,
    pill,
    pillKind,
    done: checkup.done_on !== null,
    lines: [
      `免费：${checkup.free_items.join('、')}`,
      ...extra,
      ...(checkup.advice.length ? [`医生会讲：${checkup.advice.join('、')}`] : []),
    ],
    source: checkup.source,
  };
}

export interface Headline {
  big: string;
  small: string;
  /** Said instead of the days left once the due date has come. */
  after: string;
}

/** After the due date nothing is assumed: neither a birth nor that there is none. */
export function headline({ weeks, days, days_left: left, phase, due_date: due }: OpenPregnancy) {
  const big = days ? `孕${weeks}周+${days}天` : `孕${weeks}周`;
  const dueText = `预产期 ${fullDayText(due)}`;
  if (phase === 'running') return { big, small: `${dueText} · 还有${left}天`, after: '' };
  const after =
    phase === 'silent'
      ? '登记的预产期已过两周，孕期提醒已停。有变化时，在下面记一下就好。'
      : '登记的预产期到了。情况有变化，在下面记一下就好；有不舒服，随时去医院。';
  return { big: phase === 'silent' ? '孕期手册' : big, small: dueText, after };
}

export function windowText({ title, weeks_text: weeks, optional, text, checked }: ClinicalWindow) {
  const parts = [`${title}：${weeks}`];
  if (optional) parts.push('做不做听医生讲清楚，自己定');
  if (text) parts.push(text);
  return parts.join('，') + (checked ? '' : '（未核对，以医生为准）');
}

/** Where each of the sources on the page comes from, once. */
export function sourcesOf({ pregnancy, danger }: Pregnancy): string[] {
  if (!pregnancy) return [danger.source];
  const all = [...pregnancy.checkups, ...pregnancy.windows, danger].map(({ source }) => source);
  return [...new Set(all)].filter((source) => !source.startsWith('未核对'));
}
