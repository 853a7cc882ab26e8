/** The curve of one's own weights. No reference is drawn: how much is right, the doctor says. */

import type { Weight } from '../services/pregnancy-types';
import { dayText, daysBetween } from './dates';

type Context = WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D;

export interface Colours {
  ink: string;
  line: string;
  accent: string;
}

export const CURVE = { width: 320, height: 180, scale: 2 };
const LEFT = 46;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 28;
const LEAST_SPAN = 4; // kilograms, so that a small change does not look like a large one
const FONT = '12px "PingFang SC", "Noto Sans CJK SC", sans-serif';

export function coloursOf(dark: boolean): Colours {
  return dark
    ? { ink: '#b5aa9d', line: '#3d3630', accent: '#f2a885' }
    : { ink: '#6b6157', line: '#e6dccf', accent: '#a8492a' };
}

/** `weights`: oldest first, at least one. */
export function drawWeights(context: Context, weights: Weight[], colours: Colours): void {
  context.clearRect(0, 0, CURVE.width, CURVE.height);
  const values = weights.map(({ kg }) => kg);
  const middle = (Math.min(...values) + Math.max(...values)) / 2;
  const span = Math.max(Math.max(...values) - Math.min(...values), LEAST_SPAN) * 1.2;
  const low = middle - span / 2;
  const y = (kg: number) => TOP + (1 - (kg - low) / span) * (CURVE.height - TOP - BOTTOM);
  const first = weights[0].day;
  const last = weights[weights.length - 1].day;
  const days = Math.max(daysBetween(first, last), 1);
  const width = CURVE.width - LEFT - RIGHT;
  const x = (day: string) => LEFT + (daysBetween(first, day) / days) * width;
  drawGrid(context, { low, span, y }, colours);
  drawPoints(
    context,
    weights.map(({ day, kg }) => [x(day), y(kg)]),
    colours,
  );
  context.fillStyle = colours.ink;
  context.fillText(dayText(first, last), LEFT, CURVE.height - BOTTOM + 8);
  if (first === last) return;
  context.textAlign = 'right';
  context.fillText(dayText(last, last), CURVE.width - RIGHT, CURVE.height - BOTTOM + 8);
}

function drawGrid(
  context: Context,
  { low, span, y }: { low: number; span: number; y: (kg: number) => number },
  colours: Colours,
): void {
  context.font = FONT;
  context.textBaseline = 'top';
  context.strokeStyle = colours.line;
  context.fillStyle = colours.ink;
  const step = Math.max(Math.round(span / 4), 1);
  for (let kg = Math.ceil(low); kg <= low + span; kg += step) {
    context.beginPath();
    context.moveTo(LEFT, y(kg));
    context.lineTo(CURVE.width - RIGHT, y(kg));
    context.stroke();
    context.textAlign = 'right';
    context.fillText(`${kg}`, LEFT - 8, y(kg) - 6);
  }
  context.textAlign = 'left';
}

function drawPoints(context: Context, points: number[][], colours: Colours): void {
  context.strokeStyle = colours.accent;
  context.fillStyle = colours.accent;
  context.lineWidth = 2;
  context.beginPath();
  points.forEach(([left, top], index) => {
    if (index) context.lineTo(left, top);
    else context.moveTo(left, top);
  });
  context.stroke();
  for (const [left, top] of points) {
    context.beginPath();
    context.arc(left, top, 3.5, 0, Math.PI * 2);
    context.fill();
  }
}
