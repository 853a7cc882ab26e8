/** Draws a growth chart on a canvas: bands, the seven lines with their names, the child's points. */

import type { Curves } from '../services/growth-types';
import {
  fineTicks,
  left,
  linesIn,
  rowAt,
  top,
  xTicks,
  yTicks,
  type Frame,
  type Scale,
} from './chart-view';
import type { Point } from './growth';

type Context = WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D;

export interface Drawing {
  width: number;
  height: number;
  curves: Curves;
  points: Point[];
  /** The day whose points stand out. */
  chosen: string;
  unit: string;
  dark: boolean;
}

interface Colours {
  ground: string;
  grid: string;
  quiet: string;
  outer: string;
  inner: string;
  median: string;
  first: string;
  second: string;
  third: string;
  child: string;
  childSoft: string;
}

const DAY: Colours = {
  ground: '#fffdfa',
  grid: '#eee6db',
  quiet: '#6b6157',
  outer: '#f1f4e9',
  inner: '#e3ecd8',
  median: '#45663f',
  first: '#5f7d57',
  second: '#96640c',
  third: '#bd4a40',
  child: '#a8492a',
  childSoft: '#d9a088',
};
const NIGHT: Colours = {
  ground: '#25211d',
  grid: '#38322c',
  quiet: '#b5aa9d',
  outer: '#2b2c25',
  inner: '#33392d',
  median: '#a9cb9d',
  first: '#7d9873',
  second: '#d9a94f',
  third: '#ee8a7e',
  child: '#ffb999',
  childSoft: '#8f6350',
};
// drawn by rule, so it does not grow with the type; the table has the same in words
const FONT = '"PingFang SC", "Noto Sans CJK SC", sans-serif';
const SMALL = `11px ${FONT}`;
const LINES = [-3, -2, -1, 0, 1, 2, 3];
const NAME_HEIGHT = 13;
const FULL_TURN = Math.PI * 2;

export function frameOf(width: number, height: number): Frame {
  return { left: 34, top: 24, right: width - 42, bottom: height - 26 };
}

export function drawChart(context: Context, scale: Scale, drawing: Drawing): void {
  const colours = drawing.dark ? NIGHT : DAY;
  const rows = linesIn(drawing.curves, scale.view);
  context.clearRect(0, 0, drawing.width, drawing.height);
  context.save();
  clip(context, scale.frame);
  band(context, scale, rows, [2, 6], colours.outer);
  band(context, scale, rows, [3, 5], colours.inner);
  context.restore();
  drawGrid(context, scale, drawing, colours);
  context.save();
  clip(context, scale.frame);
  for (const z of LINES) drawLine(context, scale, rows, z, colours);
  context.restore();
  drawNames(context, scale, drawing.curves, colours);
  drawPoints(context, scale, drawing, colours);
}

function clip(context: Context, frame: Frame): void {
  context.beginPath();
  context.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  context.clip();
}

/** Between two lines, given by their places in a row. */
function band(
  context: Context,
  scale: Scale,
  rows: number[][],
  [lower, upper]: [number, number],
  colour: string,
): void {
  context.fillStyle = colour;
  context.beginPath();
  rows.forEach((row, index) => go(context, index, left(scale, row[0]), top(scale, row[upper])));
  for (const row of [...rows].reverse())
    context.lineTo(left(scale, row[0]), top(scale, row[lower]));
  context.closePath();
  context.fill();
}

function go(context: Context, index: number, x: number, y: number): void {
  if (index) context.lineTo(x, y);
  else context.moveTo(x, y);
}

function drawGrid(context: Context, scale: Scale, drawing: Drawing, colours: Colours): void {
  const { frame } = scale;
  const age = drawing.curves.along === 'age';
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  const { xs, ys } = fineTicks(scale, drawing.curves.along);
  context.globalAlpha = 0.5;
  for (const at of ys) across(context, frame, top(scale, at));
  for (const at of xs) upright(context, frame, left(scale, at));
  context.globalAlpha = 1;
  context.font = SMALL;
  context.fillStyle = colours.quiet;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const { at, text } of yTicks(scale)) {
    const y = across(context, frame, top(scale, at));
    context.fillText(text, frame.left - 6, y);
  }
  context.textAlign = 'center';
  const along = xTicks(scale, drawing.curves.along);
  for (const { at, text } of along) {
    const x = upright(context, frame, left(scale, at));
    context.fillText(text, x, frame.bottom + 14);
  }
  context.textAlign = 'left';
  context.fillText(drawing.unit, 4, 10);
  const years = along.some(({ text }) => text.endsWith('岁'));
  if (!years) context.fillText(age ? '月龄' : '厘米', frame.right + 10, frame.bottom + 14);
}

function across(context: Context, frame: Frame, at: number): number {
  const y = Math.round(at) + 0.5;
  stroke(context, frame.left, y, frame.right, y);
  return y;
}

function upright(context: Context, frame: Frame, at: number): number {
  const x = Math.round(at) + 0.5;
  stroke(context, x, frame.top, x, frame.bottom);
  return x;
}

function stroke(context: Context, x: number, y: number, toX: number, toY: number): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}

function colourOf(z: number, colours: Colours): string {
  return [colours.median, colours.first, colours.second, colours.third][Math.abs(z)];
}

/** The outer lines are broken as well as red, for eyes that do not tell the colours apart. */
function drawLine(
  context: Context,
  scale: Scale,
  rows: number[][],
  z: number,
  colours: Colours,
): void {
  context.strokeStyle = colourOf(z, colours);
  context.lineWidth = z === 0 ? 2 : 1.25;
  context.setLineDash([[], [], [7, 3], [3, 3]][Math.abs(z)]);
  context.beginPath();
  rows.forEach((row, index) => go(context, index, left(scale, row[0]), top(scale, row[z + 4])));
  context.stroke();
  context.setLineDash([]);
}

/** At the right end, pushed apart where lines lie close. */
function drawNames(context: Context, scale: Scale, curves: Curves, colours: Colours): void {
  const last = rowAt(curves.points, scale.view.to);
  const places = LINES.map((z) => top(scale, last[z + 4]));
  for (let index = 1; index < places.length; index += 1)
    places[index] = Math.min(places[index], places[index - 1] - NAME_HEIGHT);
  const over = Math.max(0, 8 - places[places.length - 1]);
  context.font = SMALL;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  LINES.forEach((z, index) => {
    context.fillStyle = colourOf(z, colours);
    const name = z === 0 ? '中位数' : `${z > 0 ? '+' : '−'}${Math.abs(z)}SD`;
    context.fillText(name, scale.frame.right + 6, places[index] + over);
  });
}

/** Lines lead to points that are not seen; a point itself is drawn whole or not at all. */
function drawPoints(context: Context, scale: Scale, drawing: Drawing, colours: Colours): void {
  const { from, to } = scale.view;
  const firsts = drawing.points.filter(({ second }) => !second);
  const seconds = drawing.points.filter(({ second }) => second);
  const seen = ({ x }: Point) => x >= from && x <= to;
  context.save();
  clip(context, scale.frame);
  context.lineWidth = 2;
  joined(context, scale, seconds, colours.childSoft, [4, 4]);
  joined(context, scale, firsts, colours.child, []);
  context.restore();
  for (const point of seconds.filter(seen)) ring(context, scale, point, colours);
  for (const point of firsts.filter(seen)) dot(context, scale, point, colours);
  for (const point of firsts.filter(seen)) {
    if (point.key !== drawing.chosen) continue;
    context.strokeStyle = colours.child;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(left(scale, point.x), top(scale, point.y), 9, 0, FULL_TURN);
    context.stroke();
  }
}

function joined(
  context: Context,
  scale: Scale,
  points: Point[],
  colour: string,
  dash: number[],
): void {
  const inOrder = [...points].sort((a, b) => a.x - b.x);
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.beginPath();
  inOrder.forEach(({ x, y }, index) => go(context, index, left(scale, x), top(scale, y)));
  context.stroke();
  context.setLineDash([]);
}

function dot(context: Context, scale: Scale, { x, y }: Point, colours: Colours): void {
  context.fillStyle = colours.child;
  context.strokeStyle = colours.ground;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(left(scale, x), top(scale, y), 5, 0, FULL_TURN);
  context.fill();
  context.stroke();
}

function ring(context: Context, scale: Scale, { x, y }: Point, colours: Colours): void {
  context.fillStyle = colours.ground;
  context.strokeStyle = colours.childSoft;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(left(scale, x), top(scale, y), 4, 0, FULL_TURN);
  context.fill();
  context.stroke();
}
