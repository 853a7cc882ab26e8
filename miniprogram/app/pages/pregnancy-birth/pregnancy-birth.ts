import { codeOf } from '../../services/errors';
import { newKey } from '../../services/http';
import { chooseChild, consents, towns } from '../../services/people';
import { pregnancy, recordBirth } from '../../services/pregnancy';
import type { Newborn } from '../../services/pregnancy-types';
import type { Relation, Sex, Town, Village } from '../../services/types';
import { addDays, fullDayText } from '../../utils/dates';
import { sentence } from '../../utils/messages';
import { RELATIONS } from '../../utils/relations';

const NO_VILLAGE: Village = { code: '', name: '不填' };
const EARLIEST_DAYS = 140; // before the due date: 20 weeks of pregnancy
const MOST = 4;
const CONSENT_PAGE =
  '/pages/consent/consent?next=' + encodeURIComponent('/pages/pregnancy-birth/pregnancy-birth');

interface Baby {
  /** Its place in the form: two of one day, or two without a name yet, are not the same. */
  id: number;
  name: string;
  sex: Sex | '';
  birthDate: string;
  birthDateText: string;
}

const NOBODY: Baby = { id: 0, name: '', sex: '', birthDate: '', birthDateText: '' };

Page({
  data: {
    status: 'loading',
    message: '',
    babies: [{ ...NOBODY }] as Baby[],
    earliest: '',
    latest: '',
    towns: [] as Town[],
    townIndex: -1,
    villages: [NO_VILLAGE],
    villageIndex: 0,
    relations: RELATIONS,
    relation: 'mother' as Relation,
    homeCared: true,
    /** The form as it was sent last, and its key: the same form sent again keeps the key. */
    sent: '',
    key: '',
    mayAdd: true,
    busy: false,
    problem: '',
  },

  onLoad() {
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const [found, documents, places] = await Promise.all([pregnancy(), consents(), towns()]);
      if (documents.needed.length) {
        wx.redirectTo({ url: CONSENT_PAGE });
        return;
      }
      if (!found.pregnancy) {
        this.setData({ status: 'empty' });
        return;
      }
      const count = found.pregnancy.multiple ? 2 : 1;
      this.setData({
        towns: places,
        babies: Array.from({ length: count }, (_, id) => ({ ...NOBODY, id })),
        earliest: addDays(found.pregnancy.due_date, -EARLIEST_DAYS),
        latest: found.today,
        status: 'ready',
      });
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  typeName(event: WechatMiniprogram.Input) {
    this.put(Number(event.currentTarget.dataset.index), { name: event.detail.value });
  },

  chooseSex(event: WechatMiniprogram.TouchEvent) {
    const { index, sex } = event.currentTarget.dataset as { index: number; sex: Sex };
    this.put(Number(index), { sex });
  },

  chooseBirthDate(event: WechatMiniprogram.PickerChange) {
    const birthDate = String(event.detail.value);
    const index = Number(event.currentTarget.dataset.index);
    this.put(index, { birthDate, birthDateText: fullDayText(birthDate) });
  },

  put(index: number, change: Partial<Baby>) {
    const babies = this.data.babies.map((baby, at) =>
      at === index ? { ...baby, ...change } : baby,
    );
    this.setData({ babies, problem: '' });
  },

  add() {
    // twins are mostly of one day
    const { birthDate, birthDateText } = this.data.babies[this.data.babies.length - 1];
    const id = this.data.babies.length;
    const babies = [...this.data.babies, { ...NOBODY, id, birthDate, birthDateText }];
    this.setData({ babies, mayAdd: babies.length < MOST });
  },

  takeAway() {
    this.setData({ babies: this.data.babies.slice(0, -1), mayAdd: true });
  },

  chooseTown(event: WechatMiniprogram.PickerChange) {
    const townIndex = Number(event.detail.value);
    const villages = [NO_VILLAGE, ...this.data.towns[townIndex].villages];
    this.setData({ townIndex, villages, villageIndex: 0, problem: '' });
  },

  chooseVillage(event: WechatMiniprogram.PickerChange) {
    this.setData({ villageIndex: Number(event.detail.value) });
  },

  chooseRelation(event: WechatMiniprogram.TouchEvent) {
    this.setData({ relation: event.currentTarget.dataset.name as Relation });
  },

  switchHome(event: WechatMiniprogram.SwitchChange) {
    this.setData({ homeCared: event.detail.value });
  },

  filled(): Newborn[] | null {
    const { babies, towns: places, townIndex, villages, villageIndex } = this.data;
    const town = places[townIndex];
    const whole = babies.every(({ name, sex, birthDate }) => name.trim() && sex && birthDate);
    if (!whole || !town) return null;
    const { relation, homeCared } = this.data;
    return babies.map(({ name, sex, birthDate }) => ({
      name: name.trim(),
      sex: sex as Sex,
      birth_date: birthDate,
      town_code: town.code,
      village_code: villages[villageIndex]?.code || null,
      home_cared: homeCared,
      relation,
    }));
  },

  async save() {
    if (this.data.busy) return;
    const born = this.filled();
    if (!born) {
      this.setData({ problem: '请填每个宝宝的姓名、性别、出生日期，再选镇街' });
      return;
    }
    const sent = JSON.stringify(born);
    if (sent !== this.data.sent) this.setData({ sent, key: newKey() });
    this.setData({ busy: true, problem: '' });
    try {
      const [first] = await recordBirth(born, this.data.key);
      chooseChild(first.id);
      wx.showToast({ title: '手册建好了', icon: 'none' });
      wx.switchTab({ url: '/pages/handbook/handbook' });
    } catch (error) {
      if (codeOf(error).startsWith('consent_')) wx.redirectTo({ url: CONSENT_PAGE });
      else this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  leave() {
    wx.redirectTo({ url: '/pages/pregnancy/pregnancy' });
  },
});
