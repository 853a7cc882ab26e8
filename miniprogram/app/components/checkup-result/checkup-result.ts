import { checkups, forgetCheckup, keepCheckup } from '../../services/clinic';
import type { Checkup, NewCheckupResult } from '../../services/clinic-types';
import { attempt } from '../../utils/attempts';
import { oneLine, resultLines, typedNumber } from '../../utils/clinic';
import { fullDayText } from '../../utils/dates';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

type TextField = 'place' | 'haemoglobin' | 'teeth' | 'hearing' | 'vision' | 'advice';

const NO_NUMBER = '请写整数，不写就空着';
const EMPTY = { place: '', haemoglobin: '', teeth: '', hearing: '', vision: '', advice: '' };

/**
 * What a check-up found, as its paper says it: read, written, deleted and brought back. Fires
 * `change` when the check-up may have become done, so that the page reads its item again.
 */
Component({
  properties: {
    childId: Number,
    visitId: String,
    birthDate: String,
    today: String,
    /** The day the handbook has; the form begins with it. */
    doneOn: String,
    /** Whether the questions for this age may be offered. */
    asks: Boolean,
  },
  data: {
    status: 'loading',
    message: '',
    checkup: null as Checkup | null,
    lines: [] as { name: string; text: string }[],
    writing: false,
    day: '',
    dayText: '',
    typed: EMPTY,
    /** What was deleted a moment ago. */
    removed: null as NewCheckupResult | null,
    busy: false,
    problem: '',
  },
  lifetimes: {
    attached() {
      void this.load();
    },
  },
  methods: {
    async load() {
      this.setData({ status: 'loading' });
      try {
        const { items } = await checkups(this.data.childId);
        const found = items.find(({ id }) => id === this.data.visitId) ?? null;
        if (found) this.show(found);
        this.setData({ status: 'ready' });
      } catch (error) {
        this.setData({ status: 'error', message: sentence(error) });
      }
    },
    show(checkup: Checkup) {
      const lines = checkup.result ? resultLines(checkup.result) : [];
      this.setData({ checkup, lines, writing: false, problem: '' });
    },
    write() {
      const { checkup, today, doneOn } = this.data;
      const kept = checkup?.result;
      const text = (value: number | null) => (value === null ? '' : String(value));
      const day = doneOn || checkup?.done_on || today;
      this.setData({
        writing: true,
        removed: null,
        day,
        dayText: fullDayText(day),
        typed: kept
          ? { ...kept, haemoglobin: text(kept.haemoglobin), teeth: text(kept.teeth) }
          : EMPTY,
      });
    },
    stop() {
      this.setData({ writing: false, problem: '' });
    },
    chooseDay(event: WechatMiniprogram.PickerChange) {
      const day = String(event.detail.value);
      this.setData({ day, dayText: fullDayText(day) });
    },
    type(event: WechatMiniprogram.Input) {
      const field = event.currentTarget.dataset.field as TextField;
      this.setData({ typed: { ...this.data.typed, [field]: event.detail.value }, problem: '' });
    },
    save() {
      const { typed, day } = this.data;
      const [haemoglobin, teeth] = [typedNumber(typed.haemoglobin), typedNumber(typed.teeth)];
      if (Number.isNaN(haemoglobin) || Number.isNaN(teeth)) {
        this.setData({ problem: NO_NUMBER });
        return Promise.resolve();
      }
      return this.send({
        done_on: day,
        place: oneLine(typed.place),
        haemoglobin,
        teeth,
        hearing: oneLine(typed.hearing),
        vision: oneLine(typed.vision),
        advice: oneLine(typed.advice),
      });
    },
    async send(result: NewCheckupResult) {
      const { childId, visitId } = this.data;
      await attempt(this, async () => {
        this.show(await keepCheckup(childId, visitId, result));
        this.setData({ removed: null });
        this.triggerEvent('change');
      });
    },
    async forget() {
      const { childId, visitId, checkup, today } = this.data;
      if (!checkup?.result) return;
      const removed = { ...checkup.result, done_on: checkup.done_on ?? today };
      await attempt(this, async () => {
        this.show(await forgetCheckup(childId, visitId));
        this.setData({ removed });
      });
    },
    restore() {
      const { removed } = this.data;
      return removed ? this.send(removed) : Promise.resolve();
    },
    screen() {
      open(`/pages/screening/screening?visit=${this.data.visitId}`);
    },
  },
});
