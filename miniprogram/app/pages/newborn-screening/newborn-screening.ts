import { forgetNewborn, keepNewborn, newborn } from '../../services/clinic';
import type {
  NewbornResult,
  NewbornScreening,
  NewbornTestId,
  PaperResult,
} from '../../services/clinic-types';
import type { Child } from '../../services/types';
import { attempt } from '../../utils/attempts';
import { childLoader } from '../../utils/child-loader';
import { newbornRow, oneLine, PAPER_RESULTS, type NewbornRow } from '../../utils/clinic';
import { fullDayText } from '../../utils/dates';
import { open } from '../../utils/navigation';

const loader = childLoader();

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    found: null as NewbornScreening | null,
    rows: [] as NewbornRow[],
    results: PAPER_RESULTS,
    /** Which test is being written down. */
    writing: '' as NewbornTestId | '',
    day: '',
    dayText: '',
    result: '' as PaperResult | '',
    note: '',
    /** What was deleted a moment ago, and of which test. */
    removedOf: '' as NewbornTestId | '',
    removed: null as NewbornResult | null,
    busy: false,
    problem: '',
  },

  onShow() {
    return this.load();
  },

  load() {
    return loader.load(this, async (child) => {
      const found = await newborn(child.id);
      this.setData({ child, status: 'ready' });
      this.show(found);
    });
  },

  show(found: NewbornScreening) {
    this.setData({ found, rows: found.items.map(newbornRow) });
  },

  write(event: WechatMiniprogram.TouchEvent) {
    const id = event.currentTarget.dataset.id as NewbornTestId;
    const kept = this.data.rows.find((row) => row.id === id)?.result;
    const day = kept?.done_on ?? this.data.child?.birth_date ?? '';
    this.setData({
      writing: id,
      day,
      dayText: fullDayText(day),
      result: kept?.result ?? '',
      note: kept?.note ?? '',
      removedOf: '',
      problem: '',
    });
  },

  stop() {
    this.setData({ writing: '', problem: '' });
  },

  chooseDay(event: WechatMiniprogram.PickerChange) {
    const day = String(event.detail.value);
    this.setData({ day, dayText: fullDayText(day) });
  },

  chooseResult(event: WechatMiniprogram.TouchEvent) {
    this.setData({ result: event.currentTarget.dataset.name as PaperResult, problem: '' });
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ note: event.detail.value });
  },

  save() {
    const { writing, day, result, note } = this.data;
    if (!writing) return;
    if (!result) {
      this.setData({ problem: '请选一个结果' });
      return;
    }
    const kept = { done_on: day, result, note: oneLine(note) };
    return this.send((child: number) => keepNewborn(child, writing, kept));
  },

  async forget(event: WechatMiniprogram.TouchEvent) {
    const id = event.currentTarget.dataset.id as NewbornTestId;
    const removed = this.data.rows.find((row) => row.id === id)?.result ?? null;
    await this.send((child: number) => forgetNewborn(child, id));
    if (!this.data.problem) this.setData({ removedOf: id, removed });
  },

  restore() {
    const { removedOf, removed } = this.data;
    if (!removedOf || !removed) return;
    return this.send((child: number) => keepNewborn(child, removedOf, removed));
  },

  async send(write: (childId: number) => Promise<NewbornScreening>) {
    const { child } = this.data;
    if (!child) return;
    await attempt(this, async () => {
      this.show(await write(child.id));
      this.setData({ writing: '', removedOf: '' });
    });
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
