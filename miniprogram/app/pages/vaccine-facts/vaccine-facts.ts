import { codeOf } from '../../services/errors';
import { keepFacts, vaccineFacts } from '../../services/handbook';
import { children } from '../../services/people';
import type { MotherHbsag, SaidFacts, VaccineFacts } from '../../services/types';
import { attempt } from '../../utils/attempts';
import { fullDayText } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { back } from '../../utils/navigation';

const MOTHERS: { name: MotherHbsag; title: string }[] = [
  { name: 'negative', title: '阴性' },
  { name: 'positive', title: '阳性' },
  { name: 'unknown', title: '不清楚' },
];
const LIGHTEST = 300;
const HEAVIEST = 8000;

type Asked = keyof SaidFacts;

Page({
  data: {
    status: 'loading',
    message: '',
    childId: 0,
    childName: '',
    birthDate: '',
    today: '',
    mothers: MOTHERS,
    /** Why each question is asked; no sentence where nothing would change. */
    why: {} as Partial<Record<Asked, string>>,
    /** What is asked or was said once, so that it can be put right. */
    shown: {} as Partial<Record<Asked, boolean>>,
    mother: '' as MotherHbsag | '',
    grams: '',
    varicella: '' as 'yes' | 'no' | '',
    days: [] as { day: string; text: string }[],
    nothing: false,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ childId: Number(query.child ?? 0) });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    const { childId } = this.data;
    try {
      const [all, facts] = await Promise.all([children(), vaccineFacts(childId)]);
      const childName = all.find((child) => child.id === childId)?.name ?? '';
      this.setData({ childName, status: 'ready' });
      this.draw(facts);
    } catch (error) {
      if (codeOf(error) === 'not_found') this.setData({ status: 'empty' });
      else this.setData(failed(this.data.status, error));
    }
  },

  draw(facts: VaccineFacts) {
    const { mother_hbsag, birth_grams, had_varicella, immunoglobulin } = facts;
    const why = Object.fromEntries(facts.questions.map(({ asked, why: text }) => [asked, text]));
    const shown = {
      mother_hbsag: Boolean(why.mother_hbsag) || mother_hbsag !== null,
      birth_grams: Boolean(why.birth_grams) || birth_grams !== null,
      had_varicella: Boolean(why.had_varicella) || had_varicella !== null,
      immunoglobulin: Boolean(why.immunoglobulin) || immunoglobulin.length > 0,
    };
    this.setData({
      birthDate: facts.birth_date,
      today: facts.today,
      why,
      shown,
      mother: mother_hbsag ?? '',
      grams: birth_grams === null ? '' : String(birth_grams),
      varicella: had_varicella === null ? '' : had_varicella ? 'yes' : 'no',
      days: immunoglobulin.map(shownDay),
      nothing: !Object.values(shown).some(Boolean),
    });
  },

  /** A second tap takes the answer back: none of this has to be said. */
  chooseMother(event: WechatMiniprogram.TouchEvent) {
    const name = event.currentTarget.dataset.name as MotherHbsag;
    const mother = name === this.data.mother ? '' : name;
    const asksWeight = mother === 'positive' || mother === 'unknown' || Boolean(this.data.grams);
    this.setData({ mother, 'shown.birth_grams': asksWeight });
  },

  typeGrams(event: WechatMiniprogram.Input) {
    this.setData({ grams: event.detail.value, problem: '' });
  },

  chooseVaricella(event: WechatMiniprogram.TouchEvent) {
    const name = event.currentTarget.dataset.name as 'yes' | 'no';
    this.setData({ varicella: name === this.data.varicella ? '' : name });
  },

  addDay(event: WechatMiniprogram.PickerChange) {
    const day = String(event.detail.value);
    const { days } = this.data;
    if (days.some((one) => one.day === day)) return;
    const sorted = [...days, shownDay(day)].sort((a, b) => a.day.localeCompare(b.day));
    this.setData({ days: sorted });
  },

  removeDay(event: WechatMiniprogram.TouchEvent) {
    const day = String(event.currentTarget.dataset.day);
    this.setData({ days: this.data.days.filter((one) => one.day !== day) });
  },

  async save() {
    const { childId, busy, mother, grams, varicella, days } = this.data;
    if (busy) return;
    const weight = grams.trim() ? Number(grams) : null;
    const wrong =
      weight !== null && !(Number.isInteger(weight) && weight >= LIGHTEST && weight <= HEAVIEST);
    if (wrong) {
      this.setData({ problem: '出生体重请写克数，例如 3200' });
      return;
    }
    await attempt(this, async () => {
      await keepFacts(childId, {
        mother_hbsag: mother || null,
        birth_grams: weight,
        had_varicella: varicella ? varicella === 'yes' : null,
        immunoglobulin: days.map(({ day }) => day),
      });
      wx.showToast({ title: '已保存，日期重新排过', icon: 'none' });
      back();
    });
  },

  finish() {
    back();
  },
});

function shownDay(day: string): { day: string; text: string } {
  return { day, text: fullDayText(day) };
}
