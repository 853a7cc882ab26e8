/** Which part of a growth chart is seen, and where its numbers stand; lengths in points of the screen. */

import type { Curves } from '../services/growth-types';
import type { Point } from './growth';

export interface View {
  from: number;
  to: number;
}

export interface Frame {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Scale {
  frame: Frame;
  view: View;
  low: number;
  high: number;
}

/** The first view ends at one of these ages, so that a baby is not a dot in a corner. */
const AGE_SPANS = [6, 12, 24, 36, 60];
const LEAST = { age: 2, length: 6 }; // months or cm: nearer there is nothing to see
const ROOM = 1.15; // beside the newest point
const AROUND_LENGTH = 8; // cm
const AIR = 0.04; // above and below, of the height
const X_STEPS = { age: [1, 2, 3, 6, 12], length: [1, 2, 5, 10, 20] };
const Y_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20];
const APART = { x: 40, y: 34 };
const RULED = 12; // between two thin lines without a number

export function whole({ points }: Curves): View {
  return { from: points[0][0], to: points[points.length - 1][0] };
}

export function firstView(curves: Curves, points: Point[], age: number): View {
  const all = whole(curves);
  const xs = points.map(({ x }) => x);
  if (curves.along === 'length') {
    if (!xs.length) return all;
    const middle = { from: Math.min(...xs) - AROUND_LENGTH, to: Math.max(...xs) + AROUND_LENGTH };
    return kept(middle, all);
  }
  const newest = Math.max(age, ...xs) * ROOM;
  const span = AGE_SPANS.find((months) => months >= newest);
  return { from: all.from, to: Math.min(span ?? all.to, all.to) };
}

/** `factor` below 1 comes nearer; what lies at `at` stays where it is. */
export function zoomed(view: View, curves: Curves, factor: number, at: number): View {
  const all = whole(curves);
  const wide = view.to - view.from;
  const wanted = Math.min(Math.max(wide * factor, LEAST[curves.along]), all.to - all.from);
  const from = at - ((at - view.from) / wide) * wanted;
  return kept({ from, to: from + wanted }, all);
}

export function moved(view: View, curves: Curves, by: number): View {
  return kept({ from: view.from + by, to: view.to + by }, whole(curves));
}

/** Pushed back inside without a change of width, as far as that fits. */
function kept({ from, to }: View, all: View): View {
  const wide = Math.min(to - from, all.to - all.from);
  const start = Math.min(Math.max(from, all.from), all.to - wide);
  return { from: start, to: start + wide };
}

export function scaleOf(curves: Curves, points: Point[], view: View, frame: Frame): Scale {
  const seen = linesIn(curves, view);
  const ys = [
    ...seen.map((row) => row[1]),
    ...seen.map((row) => row[7]),
    ...points.filter(({ x }) => x >= view.from && x <= view.to).map(({ y }) => y),
  ];
  const low = Math.min(...ys);
  const high = Math.max(...ys);
  const air = (high - low) * AIR;
  return { frame, view, low: low - air, high: high + air };
}

/** The rows inside the view, and where the lines enter and leave it. */
export function linesIn({ points }: Curves, { from, to }: View): number[][] {
  const inside = points.filter(([x]) => x > from && x < to);
  return [rowAt(points, from), ...inside, rowAt(points, to)];
}

export function rowAt(points: number[][], x: number): number[] {
  const after = points.findIndex(([place]) => place >= x);
  if (after <= 0) return points[after < 0 ? points.length - 1 : 0];
  const [low, high] = [points[after - 1], points[after]];
  const share = (x - low[0]) / (high[0] - low[0]);
  return low.map((number, index) => number + (high[index] - number) * share);
}

export function left({ frame, view }: Scale, x: number): number {
  return frame.left + ((x - view.from) / (view.to - view.from)) * (frame.right - frame.left);
}

export function top({ frame, low, high }: Scale, y: number): number {
  return frame.bottom - ((y - low) / (high - low)) * (frame.bottom - frame.top);
}

/** The value of x that stands at this distance from the left edge. */
export function along({ frame, view }: Scale, distance: number): number {
  return view.from + ((distance - frame.left) / (frame.right - frame.left)) * (view.to - view.from);
}

export interface Tick {
  at: number;
  text: string;
}

export function xTicks(scale: Scale, by: Curves['along']): Tick[] {
  const { view } = scale;
  const step = xStep(scale, by);
  const said = by === 'length' ? String : step >= 12 ? yearsText : monthsText;
  return ticks(view.from, view.to, step).map((at) => ({ at, text: said(at) }));
}

export function yTicks(scale: Scale): Tick[] {
  const step = yStep(scale);
  const decimals = step < 1 ? 1 : 0;
  return ticks(scale.low, scale.high, step).map((at) => ({ at, text: at.toFixed(decimals) }));
}

/** The thin lines of the ruling, as on printed charts: numbers without a name. */
export function fineTicks(scale: Scale, by: Curves['along']): { xs: number[]; ys: number[] } {
  const { frame, view, low, high } = scale;
  const fineX = finer(
    X_STEPS[by],
    xStep(scale, by),
    (frame.right - frame.left) / (view.to - view.from),
  );
  const fineY = finer(Y_STEPS, yStep(scale), (frame.bottom - frame.top) / (high - low));
  return { xs: ticks(view.from, view.to, fineX), ys: ticks(low, high, fineY) };
}

function xStep({ frame, view }: Scale, by: Curves['along']): number {
  return stepFor(X_STEPS[by], view.to - view.from, (frame.right - frame.left) / APART.x);
}

function yStep({ frame, low, high }: Scale): number {
  return stepFor(Y_STEPS, high - low, (frame.bottom - frame.top) / APART.y);
}

/** The finest step that divides this one and whose lines are far enough apart. */
function finer(steps: number[], step: number, each: number): number {
  const divides = (fine: number) => Math.abs(step / fine - Math.round(step / fine)) < 1e-9;
  return steps.find((fine) => fine * each >= RULED && divides(fine)) ?? step;
}

function stepFor(steps: number[], wide: number, most: number): number {
  return steps.find((step) => wide / step <= most) ?? steps[steps.length - 1];
}

function ticks(from: number, to: number, step: number): number[] {
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => (first + index) * step);
}

function monthsText(months: number): string {
  return months === 0 ? '出生' : String(months);
}

function yearsText(months: number): string {
  return months === 0 ? '出生' : `${months / 12}岁`;
}

/** The point under a finger, or nothing. */
export function pointNear(
  scale: Scale,
  points: Point[],
  { x, y }: { x: number; y: number },
  reach: number,
): Point | null {
  const away = (point: Point) => Math.hypot(left(scale, point.x) - x, top(scale, point.y) - y);
  const seen = points.filter((point) => point.x >= scale.view.from && point.x <= scale.view.to);
  const near = seen.filter((point) => away(point) <= reach).sort((a, b) => away(a) - away(b));
  return near[0] ?? null;
}
