import {
  chosenStandard,
  growth,
  leaveAct,
  removeMeasurement,
  writeMeasurement,
} from '../../services/growth';
import type { Growth, Measurement, Measures } from '../../services/growth-types';
import { children, chosenChild } from '../../services/people';
import { attempt } from '../../utils/attempts';
import { dayText, fullDayText } from '../../utils/dates';
import { amount, centimetres, kilograms } from '../../utils/growth';
import { sentence } from '../../utils/messages';
import { back, open } from '../../utils/navigation';

interface Limits {
  title: string;
  decimals: number;
  /** How many of what is sent are one of what is typed. */
  units: number;
  low: number;
  high: number;
  example: string;
}

type Field = 'weight' | 'length' | 'head';

/** Wide: what is merely hard to believe is asked about by the service. */
const FIELDS: Record<Field, Limits> = {
  weight: {
    title: '体重',
    decimals: 2,
    units: 1000,
    low: 100,
    high: 200_000,
    example: '公斤，最多两位小数，例如 8.25',
  },
  length: {
    title: '身长（身高）',
    decimals: 1,
    units: 10,
    low: 100,
    high: 2_000,
    example: '厘米，最多一位小数，例如 70.5',
  },
  head: {
    title: '头围',
    decimals: 1,
    units: 10,
    low: 100,
    high: 1_000,
    example: '厘米，最多一位小数，例如 43.5',
  },
};

Page({
  data: {
    status: 'loading',
    message: '',
    growth: null as Growth | null,
    /** The measurement that is put right; empty for a new one. */
    on: '',
    day: '',
    dayText: '',
    weight: '',
    length: '',
    head: '',
    lying: true,
    /** Somebody said how it was measured, so another day must not change that. */
    said: false,
    wrong: {} as Partial<Record<Field, string>>,
    questions: [] as string[],
    asking: false,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    const on = query.on ?? '';
    if (on) wx.setNavigationBarTitle({ title: '修改测量' });
    this.setData({ on });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const child = chosenChild(await children());
      const found = child && (await growth(child.id, chosenStandard()));
      const item = found?.items.find(({ measured_on }) => measured_on === this.data.on);
      if (!found || (this.data.on && !item)) {
        this.setData({ status: 'empty' });
        return;
      }
      this.setData({ growth: found });
      this.setDay(item?.measured_on ?? found.today);
      if (item) this.fill(item);
      this.setData({ status: 'ready' });
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  fill({ weight_g, length_mm, lying, head_mm }: Measurement) {
    this.setData({
      weight: weight_g === null ? '' : kilograms(weight_g),
      length: length_mm === null ? '' : centimetres(length_mm),
      head: head_mm === null ? '' : centimetres(head_mm),
    });
    if (lying !== null) this.setData({ lying, said: true });
  },

  setDay(day: string) {
    const { growth: found, said } = this.data;
    this.setData({ day, dayText: fullDayText(day) });
    if (found && !said) this.setData({ lying: day < found.child.stands_from });
  },

  chooseDay(event: WechatMiniprogram.PickerChange) {
    this.setDay(String(event.detail.value));
  },

  type(event: WechatMiniprogram.Input) {
    const field = event.currentTarget.dataset.field as Field;
    this.setData({ [field]: event.detail.value, [`wrong.${field}`]: '', problem: '' });
  },

  choosePosture(event: WechatMiniprogram.TouchEvent) {
    this.setData({ lying: event.currentTarget.dataset.how === 'lying', said: true });
  },

  /** What was typed in whole grams and millimetres, or null with the fields named. */
  filled(): Measures | null {
    const wrong: Partial<Record<Field, string>> = {};
    const read = (field: Field): number | null => {
      const { title, decimals, units, low, high, example } = FIELDS[field];
      const value = amount(this.data[field], decimals, units);
      if (value !== null && !(value >= low && value <= high))
        wrong[field] = `请看一下：${title}用${example}`;
      return value;
    };
    const [weight_g, length_mm, head_mm] = [read('weight'), read('length'), read('head')];
    const nothing = weight_g === null && length_mm === null && head_mm === null;
    this.setData({ wrong, problem: nothing ? '三项里至少填一项' : '' });
    if (nothing || Object.keys(wrong).length) return null;
    return { weight_g, length_mm, lying: length_mm === null ? null : this.data.lying, head_mm };
  },

  save() {
    return this.write(false);
  },

  confirm() {
    return this.write(true);
  },

  async write(confirmed: boolean) {
    const measures = this.filled();
    const { busy, growth: found, on, day } = this.data;
    if (!measures || !found || busy) return;
    this.setData({ busy: true, problem: '', asking: false });
    try {
      const { child } = found;
      const told = { ...measures, was_on: on || null, confirmed };
      const { saved, questions } = await writeMeasurement(child.id, day, told);
      if (!saved) {
        this.setData({ questions, asking: true });
        return;
      }
      const text = `${on ? '已改好' : '已记下'}${dayText(day, found.today)}的测量`;
      this.leave(text, day);
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  async removeIt() {
    const { growth: found, on } = this.data;
    if (!found) return;
    await attempt(this, async () => {
      await removeMeasurement(found.child.id, on);
      this.leave(`已删除${dayText(on, found.today)}的测量`, null);
    });
  },

  /** Back, with the way to undo it: what stood on the days that were written before. */
  leave(text: string, day: string | null) {
    const { growth: found, on } = this.data;
    if (!found) return;
    const before = found.items.filter(({ measured_on }) => [on, day].includes(measured_on));
    leaveAct({ childId: found.child.id, text, day, before });
    if (getCurrentPages().length > 1) back();
    else wx.redirectTo({ url: '/pages/growth/growth' });
  },

  look() {
    this.setData({ asking: false });
  },

  toGrowth() {
    open('/pages/growth/growth');
  },
});
