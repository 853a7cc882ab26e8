/**
 * Dates and times of the city, as plain functions. The API writes every instant with +08:00, so its
 * digits are the city's; they are read as text and no time zone of the phone can move them.
 */

const DAY_MS = 86_400_000;
const CITY_OFFSET_MS = 8 * 3_600_000;
const WEEKDAYS = ['日', '一', '二', '三', '四', '五', '六'];

/** YYYY-MM-DD of an ISO instant or date. */
export function dayOf(iso: string): string {
  return iso.slice(0, 10);
}

/** HH:MM of an ISO instant. */
export function timeOf(iso: string): string {
  return iso.slice(11, 16);
}

export function yearOf(iso: string): number {
  return Number(iso.slice(0, 4));
}

/** The city's date at that moment of the phone's clock. */
export function cityDay(now: Date): string {
  return new Date(now.getTime() + CITY_OFFSET_MS).toISOString().slice(0, 10);
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whole days from `start` to `end`; negative when `end` comes first. */
export function daysBetween(start: string, end: string): number {
  return Math.round((Date.parse(dayOf(end)) - Date.parse(dayOf(start))) / DAY_MS);
}

/** Completed calendar months; who was born on the 31st completes one on the last day of a short month. */
export function monthsOld(birth: string, day: string): number {
  const [from, to] = [birth, day].map((iso) => dayOf(iso).split('-').map(Number));
  const lastOfMonth = new Date(Date.UTC(to[0], to[1], 0)).getUTCDate();
  const months = (to[0] - from[0]) * 12 + to[1] - from[1];
  return Math.max(0, to[2] < Math.min(from[2], lastOfMonth) ? months - 1 : months);
}

export function weekday(day: string): string {
  return '周' + WEEKDAYS[new Date(Date.parse(dayOf(day))).getUTCDay()];
}

/** 11月23日, with the year when it is not that of `today`. */
export function dayText(day: string, today: string): string {
  const [year, month, date] = dayOf(day).split('-').map(Number);
  const short = `${month}月${date}日`;
  return year === yearOf(today) ? short : `${year}年${short}`;
}

/** 2026年11月23日 */
export function fullDayText(day: string): string {
  const [year, month, date] = dayOf(day).split('-').map(Number);
  return `${year}年${month}月${date}日`;
}

/** 今天, 明天, 后天 or nothing. */
export function nearDay(day: string, today: string): string {
  return ['今天', '明天', '后天'][daysBetween(today, day)] ?? '';
}

/** 11月25日 周三 · 后天 */
export function dayTitle(day: string, today: string): string {
  const near = nearDay(day, today);
  return `${dayText(day, today)} ${weekday(day)}${near ? ' · ' + near : ''}`;
}

/** 10:00–11:30 */
export function timeRange(starts: string, ends: string): string {
  return `${timeOf(starts)}–${timeOf(ends)}`;
}

/** 今天 10:02, 昨天 10:02, 11月20日 10:02 */
export function momentText(iso: string, today: string): string {
  const past = ['今天', '昨天', '前天'][daysBetween(iso, today)];
  return `${past ?? dayText(iso, today)} ${timeOf(iso)}`;
}

/** The Monday on or before a day, YYYY-MM-DD. */
export function mondayOf(day: string): string {
  const sinceMonday = (new Date(Date.parse(dayOf(day))).getUTCDay() + 6) % 7;
  return addDays(dayOf(day), -sinceMonday);
}

/** 本周, 下周 or 12月7日–12月13日 */
export function weekTitle(day: string, today: string): string {
  const monday = mondayOf(day);
  const away = daysBetween(mondayOf(today), monday) / 7;
  const sunday = addDays(monday, 6);
  return ['本周', '下周'][away] ?? `${dayText(monday, today)}–${dayText(sunday, today)}`;
}

/** 11月25日 13:00 */
export function pointText(iso: string, today: string): string {
  return `${dayText(iso, today)} ${timeOf(iso)}`;
}

/** 2 小时 5 分钟, 9 分 30 秒; empty when the moment has passed. */
export function timeLeft(iso: string, now: Date): string {
  const seconds = Math.floor((Date.parse(iso) - now.getTime()) / 1000);
  if (seconds <= 0) return '';
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours) return `${hours} 小时 ${minutes % 60} 分钟`;
  return minutes ? `${minutes} 分 ${seconds % 60} 秒` : `${seconds} 秒`;
}
