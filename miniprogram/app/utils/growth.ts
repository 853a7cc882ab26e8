/** Growth as a parent reads it: names, numbers and rows; pure functions of the answer. */

import type {
  Growth,
  Indicator,
  Measurement,
  Reading,
  Score,
  StandardName,
} from '../services/growth-types';
import { dayText, fullDayText } from './dates';

interface Named {
  name: Indicator;
  title: string;
  /** What a screen reader says: what the numbers are compared by. */
  label: string;
  unit: string;
  decimals: number;
}

export const INDICATORS: Named[] = [
  { name: 'wfa', title: '体重', label: '年龄别体重', unit: '公斤', decimals: 2 },
  { name: 'lhfa', title: '身长', label: '年龄别身长（身高）', unit: '厘米', decimals: 1 },
  { name: 'hcfa', title: '头围', label: '年龄别头围', unit: '厘米', decimals: 1 },
  { name: 'bfa', title: 'BMI', label: '年龄别BMI', unit: 'kg/m²', decimals: 1 },
  { name: 'wfl', title: '身长别体重', label: '身长别体重', unit: '公斤', decimals: 2 },
  { name: 'wfh', title: '身高别体重', label: '身高别体重', unit: '公斤', decimals: 2 },
];

export const STANDARD_TITLES: Record<StandardName, string> = {
  wst423: '国家标准',
  who: '世卫标准',
};

export function named(indicator: Indicator): Named {
  return INDICATORS.find(({ name }) => name === indicator) ?? INDICATORS[0];
}

/** Of a child who was always measured lying, nothing can be said by height. */
export function indicatorsFor({ child, today }: Growth): Named[] {
  const title = today < child.stands_from ? '身长' : '身高';
  const titled = INDICATORS.map((one) => (one.name === 'lhfa' ? { ...one, title } : one));
  return today < child.stands_from ? titled.filter(({ name }) => name !== 'wfh') : titled;
}

export interface Row {
  key: string;
  day: string;
  dayText: string;
  age: string;
  value: string;
  z: string;
  centile: string;
  label: string;
  /** Of a child born early: at the actual age, below the row of the corrected one. */
  second: boolean;
}

/** A point of the chart. `key` is the day; both ages of a measurement share it. */
export interface Point {
  key: string;
  x: number;
  y: number;
  /** Of a child born early: at the actual age, beside the corrected one that is looked at first. */
  second: boolean;
}

const CORRECTED = '矫正 ';
const ACTUAL = '实际 ';

/** The newest first; for a child born early a row for each of the two ages. */
export function rowsOf(growth: Growth, indicator: Indicator): Row[] {
  return [...growth.items]
    .reverse()
    .filter((item) => measuredValue(item, indicator) !== null)
    .flatMap((item) => {
      const { actual, corrected } = item;
      if (!corrected) return [rowOf(growth, item, actual, indicator, '')];
      return [
        rowOf(growth, item, corrected, indicator, CORRECTED),
        { ...rowOf(growth, item, actual, indicator, ACTUAL), second: true },
      ];
    });
}

function rowOf(
  { today }: Growth,
  item: Measurement,
  reading: Reading,
  indicator: Indicator,
  prefix: string,
): Row {
  const score = scoreOf(reading, indicator);
  return {
    key: `${item.measured_on}${prefix}`,
    day: item.measured_on,
    dayText: dayText(item.measured_on, today),
    age: prefix + reading.age_text,
    value: measuredValue(item, indicator) ?? '',
    z: score ? signed(score.z) : '–',
    centile: score ? centileText(score.centile) : '',
    label: score?.label ?? '不适用',
    second: false,
  };
}

export function pointsOf(growth: Growth, indicator: Indicator): Point[] {
  return growth.items.flatMap(({ measured_on, actual, corrected }) => {
    const [first, other] = corrected ? [corrected, actual] : [actual, null];
    return [
      ...pointAt(measured_on, first, indicator, false),
      ...(other ? pointAt(measured_on, other, indicator, true) : []),
    ];
  });
}

function pointAt(key: string, reading: Reading, indicator: Indicator, second: boolean): Point[] {
  const score = scoreOf(reading, indicator);
  return score ? [{ key, x: score.x, y: score.value, second }] : [];
}

export function scoreOf(reading: Reading, indicator: Indicator): Score | null {
  return reading.scores.find((score) => score.indicator === indicator) ?? null;
}

/** As it was measured, without its unit; null when nothing of it was. */
export function measuredValue(item: Measurement, indicator: Indicator): string | null {
  const { weight_g, length_mm, head_mm } = item;
  switch (indicator) {
    case 'wfa':
      return weight_g === null ? null : kilograms(weight_g);
    case 'lhfa':
      return length_mm === null ? null : centimetres(length_mm);
    case 'hcfa':
      return head_mm === null ? null : centimetres(head_mm);
    case 'bfa': {
      const score = scoreOf(item.corrected ?? item.actual, 'bfa') ?? scoreOf(item.actual, 'bfa');
      return score ? score.value.toFixed(1) : null;
    }
    case 'wfl':
    case 'wfh': // which of the two tables is asked depends on the age
      return [item.actual, item.corrected].some((one) => one && scoreOf(one, indicator))
        ? kilograms(weight_g ?? 0)
        : null;
  }
}

export function kilograms(grams: number): string {
  return (grams / 1000).toFixed(2);
}

export function centimetres(millimetres: number): string {
  return (millimetres / 10).toFixed(1);
}

/** +0.52, −1.30: with a real minus. */
export function signed(z: number): string {
  const digits = Math.abs(z).toFixed(2);
  if (digits === '0.00') return digits;
  return (z < 0 ? '−' : '+') + digits;
}

/** P52; at the ends P<1 and P>99, since nothing finer can be read from a centile there. */
export function centileText(centile: number): string {
  if (centile < 1) return 'P<1';
  if (centile > 99) return 'P>99';
  return `P${Math.round(centile)}`;
}

export interface Detail {
  day: string;
  title: string;
  measured: string;
  how: string;
  lines: { age: string; score: string; place: string; label: string }[];
  change: string;
  questions: string[];
}

/** Everything about one measurement, for the card below the chart. */
export function detailOf(growth: Growth, item: Measurement, indicator: Indicator): Detail {
  const { unit } = named(indicator);
  const value = measuredValue(item, indicator);
  const readings = item.corrected ? [item.corrected, item.actual] : [item.actual];
  const prefixes = item.corrected ? [CORRECTED, ACTUAL] : [''];
  return {
    day: item.measured_on,
    title: fullDayText(item.measured_on),
    measured: value ? `${value} ${unit}` : '',
    how: postureText(item, indicator),
    lines: readings.map((reading, index) => lineOf(item, reading, indicator, prefixes[index])),
    change: item.changes.find((change) => change.indicator === indicator)?.text ?? '',
    questions: item.questions,
  };
}

function lineOf(item: Measurement, reading: Reading, indicator: Indicator, prefix: string) {
  const score = scoreOf(reading, indicator);
  const age = prefix + reading.age_text;
  if (!score) return { age, score: '', place: '这个年龄没有这条标准', label: '不适用' };
  return {
    age,
    score: `z ${signed(score.z)}，${centileText(score.centile)}`,
    place: converted(item, score) + score.place,
    label: score.label,
  };
}

/** A length that was not measured the usual way stands elsewhere among the lines. */
function converted({ length_mm }: Measurement, { indicator, value }: Score): string {
  const moved = indicator === 'lhfa' && Math.abs(value * 10 - (length_mm ?? 0)) > 0.5;
  return moved ? `换算成 ${value.toFixed(1)} 厘米，在` : '';
}

/** Said where it changes the number: the standard has lengths before two years lying. */
function postureText({ lying, length_mm }: Measurement, indicator: Indicator): string {
  const ofLength = indicator !== 'wfa' && indicator !== 'hcfa';
  if (!ofLength || lying === null || length_mm === null) return '';
  const how = lying ? '躺着量' : '站着量';
  return indicator === 'lhfa' ? how : `${how}的 ${centimetres(length_mm)} 厘米`;
}

const WIDE = '０１２３４５６７８９．。，,';
const NARROW = '0123456789....';

/** Hundredths or tenths as a whole number of `unit`s; null for nothing, NaN for what is none. */
export function amount(typed: string, decimals: number, units: number): number | null {
  const text = [...typed.trim()]
    .map((letter) => (WIDE.includes(letter) ? NARROW[WIDE.indexOf(letter)] : letter))
    .join('');
  if (!text) return null;
  const fits = new RegExp(`^\\d{1,3}(\\.\\d{0,${decimals}})?$`).test(text);
  return fits ? Math.round(Number(text) * units) : NaN;
}
