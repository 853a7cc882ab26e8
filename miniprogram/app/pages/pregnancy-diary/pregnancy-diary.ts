import {
  keepMovements,
  keepWeight,
  pregnancy,
  removeMovements,
  removeWeight,
} from '../../services/pregnancy';
import type { MovementCount, Pregnancy, Weight } from '../../services/pregnancy-types';
import { cityDay, dayText, fullDayText, momentText } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { back } from '../../utils/navigation';
import { windowText } from '../../utils/pregnancy';
import { themeNow, watchTheme } from '../../utils/theme';
import { coloursOf, CURVE, drawWeights } from '../../utils/weight-curve';

const MINUTE_MS = 60_000;

/** No node: the page has left meanwhile. */
interface Found {
  node?: WechatMiniprogram.Canvas;
}

interface Row {
  key: string;
  text: string;
  value: string;
}

let stopWatching: (() => void) | null = null;

Page({
  data: {
    status: 'loading',
    message: '',
    today: '',
    weights: [] as Weight[],
    weightRows: [] as Row[],
    day: '',
    dayText: '',
    typed: '',
    /** What is said about counting; empty before its weeks, and then there is no counter. */
    movements: '',
    countRows: [] as Row[],
    /** Milliseconds of each tap of the count that runs; the first one began it. */
    taps: [] as number[],
    startedAt: 0,
    running: '',
    weightProblem: '',
    countProblem: '',
    busy: false,
  },

  onLoad() {
    stopWatching = watchTheme(() => this.drawCurve());
    return this.load();
  },

  onUnload() {
    stopWatching?.();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      this.draw(await pregnancy());
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  draw({ pregnancy: found, today }: Pregnancy) {
    if (!found) {
      this.setData({ status: 'empty' });
      return;
    }
    const { weights, movements, count_movements: counting } = found;
    this.setData({
      today,
      weights,
      weightRows: [...weights].reverse().map((one) => weightRow(one, today)),
      countRows: movements.map((one) => countRow(one, today)),
      movements: counting ? windowText(counting) : '',
      status: 'ready',
    });
    if (!this.data.day) this.setDay(today);
    wx.nextTick(() => this.drawCurve());
  },

  drawCurve() {
    if (!this.data.weights.length) return;
    wx.createSelectorQuery()
      .select('#curve')
      .fields({ node: true })
      .exec(([found]: (Found | null)[]) => {
        if (found?.node) this.drawOn(found.node);
      });
  },

  drawOn(canvas: WechatMiniprogram.Canvas) {
    canvas.width = CURVE.width * CURVE.scale;
    canvas.height = CURVE.height * CURVE.scale;
    const context: WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D =
      canvas.getContext('2d');
    context.scale(CURVE.scale, CURVE.scale);
    drawWeights(context, this.data.weights, coloursOf(themeNow() === 'dark'));
  },

  chooseDay(event: WechatMiniprogram.PickerChange) {
    this.setDay(String(event.detail.value));
  },

  setDay(day: string) {
    this.setData({ day, dayText: fullDayText(day) });
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ typed: event.detail.value, weightProblem: '' });
  },

  async saveWeight() {
    const kg = Number(this.data.typed);
    if (!this.data.typed || !Number.isFinite(kg)) {
      this.setData({ weightProblem: '请填体重，如 60.5' });
      return;
    }
    const rounded = Math.round(kg * 10) / 10;
    const problem = await this.change(() => keepWeight(this.data.day, rounded));
    this.setData(problem ? { weightProblem: problem } : { typed: '', weightProblem: '' });
  },

  async removeWeight(event: WechatMiniprogram.TouchEvent) {
    const day = String(event.currentTarget.dataset.key);
    this.setData({ weightProblem: await this.change(() => removeWeight(day)) });
  },

  begin() {
    this.setData({ startedAt: Date.now(), taps: [], countProblem: '' });
    this.tell();
  },

  moved() {
    this.setData({ taps: [...this.data.taps, Date.now()] });
    this.tell();
  },

  takeBack() {
    this.setData({ taps: this.data.taps.slice(0, -1) });
    this.tell();
  },

  tell() {
    const { taps, startedAt } = this.data;
    this.setData({
      running: startedAt ? `${taps.length} 次，${minutesSince(startedAt)} 分钟` : '',
    });
  },

  drop() {
    this.setData({ startedAt: 0, taps: [], running: '' });
  },

  async finish() {
    const { startedAt, taps } = this.data;
    const start = cityInstant(startedAt);
    const problem = await this.change(() =>
      keepMovements(start, minutesSince(startedAt), taps.length),
    );
    this.setData({ countProblem: problem });
    if (!problem) this.drop();
  },

  async removeCount(event: WechatMiniprogram.TouchEvent) {
    const id = Number(event.currentTarget.dataset.key);
    this.setData({ countProblem: await this.change(() => removeMovements(id)) });
  },

  /** What went wrong, in words; empty when nothing did. */
  async change(write: () => Promise<Pregnancy>): Promise<string> {
    if (this.data.busy) return '';
    this.setData({ busy: true });
    try {
      this.draw(await write());
      return '';
    } catch (error) {
      return sentence(error);
    } finally {
      this.setData({ busy: false });
    }
  },

  leave() {
    back();
  },
});

function minutesSince(start: number): number {
  return Math.max(Math.round((Date.now() - start) / MINUTE_MS), 1);
}

/** An instant on the city's clock, to the second. */
function cityInstant(time: number): string {
  const moment = new Date(time);
  const clock = new Date(time + 8 * 3_600_000).toISOString().slice(11, 19);
  return `${cityDay(moment)}T${clock}+08:00`;
}

function weightRow({ day, kg }: Weight, today: string): Row {
  return { key: day, text: dayText(day, today), value: `${kg} 公斤` };
}

function countRow({ id, started_at: start, minutes, count }: MovementCount, today: string): Row {
  return { key: `${id}`, text: momentText(start, today), value: `${minutes} 分钟 ${count} 次` };
}
