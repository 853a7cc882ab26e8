import { codeOf } from '../../services/errors';
import { beginPregnancy, moveDueDate, pregnancy } from '../../services/pregnancy';
import type { Dating, DatingMethod } from '../../services/pregnancy-types';
import { addDays, fullDayText } from '../../utils/dates';
import { sentence } from '../../utils/messages';
import { back, open } from '../../utils/navigation';
import { WAYS } from '../../utils/pregnancy';

const LONGEST = 294; // 42 weeks: the service refuses what is further away
const FIRST_WEEK = 4;
const LAST_WEEK = 41;
const EMBRYO = [3, 5, 6];

const METHODS = (Object.keys(WAYS) as DatingMethod[]).map((method) => ({
  method,
  title: WAYS[method],
}));
const LABELS: Record<DatingMethod, string> = {
  lmp: '末次月经第一天',
  ultrasound: '做超声那天',
  ivf: '移植那天',
  clinic: '预产期',
};

Page({
  data: {
    status: 'loading',
    message: '',
    /** A date is there already and is moved. */
    moving: false,
    /** The date that is moved, in words. */
    present: '',
    methods: METHODS,
    method: 'lmp' as DatingMethod,
    label: LABELS.lmp,
    texts: {} as Partial<Record<DatingMethod, string>>,
    text: '',
    today: '',
    earliest: '',
    latest: '',
    day: '',
    dayText: '',
    weeks: Array.from({ length: LAST_WEEK - FIRST_WEEK + 1 }, (_, i) => `${FIRST_WEEK + i} 周`),
    weekIndex: 8,
    days: Array.from({ length: 7 }, (_, i) => `${i} 天`),
    dayIndex: 0,
    embryo: EMBRYO.map((days) => ({ days, title: `第 ${days} 天` })),
    embryoDays: 5,
    multiple: false,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ moving: query.move === '1' });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const found = await pregnancy();
      const texts = Object.fromEntries(
        found.dating.map(({ method, text, checked }) => [
          method,
          checked ? text : `${text}（未核对，以医生为准）`,
        ]),
      );
      this.setData({
        today: found.today,
        texts,
        present: found.pregnancy ? fullDayText(found.pregnancy.due_date) : '',
        multiple: found.pregnancy?.multiple ?? false,
        status: 'ready',
      });
      this.setMethod(found.pregnancy ? 'clinic' : 'lmp');
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  setMethod(method: DatingMethod) {
    const { today, texts } = this.data;
    const ahead = method === 'clinic';
    this.setData({
      method,
      label: LABELS[method],
      text: texts[method] ?? '',
      earliest: addDays(today, ahead ? -14 : -LONGEST),
      latest: ahead ? addDays(today, LONGEST - 14) : today,
      day: '',
      dayText: '',
      problem: '',
    });
  },

  chooseMethod(event: WechatMiniprogram.TouchEvent) {
    this.setMethod(event.currentTarget.dataset.method as DatingMethod);
  },

  chooseDay(event: WechatMiniprogram.PickerChange) {
    const day = String(event.detail.value);
    this.setData({ day, dayText: fullDayText(day), problem: '' });
  },

  chooseWeek(event: WechatMiniprogram.PickerChange) {
    this.setData({ weekIndex: Number(event.detail.value) });
  },

  chooseDays(event: WechatMiniprogram.PickerChange) {
    this.setData({ dayIndex: Number(event.detail.value) });
  },

  chooseEmbryo(event: WechatMiniprogram.TouchEvent) {
    this.setData({ embryoDays: Number(event.currentTarget.dataset.days) });
  },

  switchMultiple(event: WechatMiniprogram.SwitchChange) {
    this.setData({ multiple: event.detail.value });
  },

  dating(): Dating {
    const { method, day, weekIndex, dayIndex, embryoDays, multiple } = this.data;
    const dating: Dating = { dated_by: method, day, multiple };
    if (method === 'ultrasound') {
      return { ...dating, scan_weeks: FIRST_WEEK + weekIndex, scan_days: dayIndex };
    }
    return method === 'ivf' ? { ...dating, embryo_days: embryoDays } : dating;
  },

  async save() {
    const { busy, day, label, moving } = this.data;
    if (busy) return;
    if (!day) {
      this.setData({ problem: `请选${label}` });
      return;
    }
    this.setData({ busy: true, problem: '' });
    try {
      if (moving) await moveDueDate(this.dating());
      else await beginPregnancy(this.dating());
      wx.showToast({ title: moving ? '改好了，提醒已重排' : '排好了', icon: 'none' });
      back();
    } catch (error) {
      if (codeOf(error).startsWith('consent_')) open('/pages/consent/consent?ask=pregnancy');
      else this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },
});
