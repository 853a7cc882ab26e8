import { codeOf } from '../../services/errors';
import { newKey } from '../../services/http';
import { consents, registerChild, towns } from '../../services/people';
import type { NewChild, Relation, Sex, Town, Village } from '../../services/types';
import { addDays, cityDay, fullDayText } from '../../utils/dates';
import { sentence } from '../../utils/messages';
import { back } from '../../utils/navigation';
import { RELATIONS } from '../../utils/relations';

const OLDEST_DAYS = 7 * 366;
const FIRST_WEEK = 22;
const WEEKS = ['不填', ...Array.from({ length: 22 }, (_, index) => `${FIRST_WEEK + index} 周`)];
const NO_VILLAGE: Village = { code: '', name: '不填' };
const CONSENT_PAGE =
  '/pages/consent/consent?next=' + encodeURIComponent('/pages/child-form/child-form');

type Missing = Partial<Record<'name' | 'birthDate' | 'sex' | 'town' | 'relation', string>>;

Page({
  data: {
    status: 'loading',
    message: '',
    name: '',
    birthDate: '',
    birthDateText: '',
    earliest: '',
    latest: '',
    sex: '' as Sex | '',
    weeks: WEEKS,
    weekIndex: 0,
    towns: [] as Town[],
    townIndex: -1,
    villages: [NO_VILLAGE],
    villageIndex: 0,
    homeCared: true,
    relations: RELATIONS,
    relation: '' as Relation | '',
    missing: {} as Missing,
    busy: false,
    problem: '',
    /** The form as it was sent last, and its key: the same form sent again keeps the key. */
    sent: '',
    key: '',
    duplicate: false,
  },

  onLoad() {
    const latest = cityDay(new Date());
    this.setData({ latest, earliest: addDays(latest, -OLDEST_DAYS) });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const [documents, places] = await Promise.all([consents(), towns()]);
      if (documents.needed.length) {
        wx.redirectTo({ url: CONSENT_PAGE });
        return;
      }
      this.setData({ towns: places, status: 'ready' });
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  typeName(event: WechatMiniprogram.Input) {
    this.setData({ name: event.detail.value, 'missing.name': '' });
  },

  chooseBirthDate(event: WechatMiniprogram.PickerChange) {
    const birthDate = String(event.detail.value);
    const birthDateText = fullDayText(birthDate);
    this.setData({ birthDate, birthDateText, 'missing.birthDate': '' });
  },

  chooseSex(event: WechatMiniprogram.TouchEvent) {
    this.setData({ sex: event.currentTarget.dataset.sex as Sex, 'missing.sex': '' });
  },

  chooseWeeks(event: WechatMiniprogram.PickerChange) {
    this.setData({ weekIndex: Number(event.detail.value) });
  },

  chooseTown(event: WechatMiniprogram.PickerChange) {
    const townIndex = Number(event.detail.value);
    const villages = [NO_VILLAGE, ...(this.data.towns[townIndex]?.villages ?? [])];
    this.setData({ townIndex, villages, villageIndex: 0, 'missing.town': '' });
  },

  chooseVillage(event: WechatMiniprogram.PickerChange) {
    this.setData({ villageIndex: Number(event.detail.value) });
  },

  switchHome(event: WechatMiniprogram.SwitchChange) {
    this.setData({ homeCared: event.detail.value });
  },

  chooseRelation(event: WechatMiniprogram.TouchEvent) {
    const relation = event.currentTarget.dataset.name as Relation;
    this.setData({ relation, 'missing.relation': '' });
  },

  filled(): NewChild | null {
    const { name, birthDate, sex, relation, towns: places, townIndex } = this.data;
    const town = places[townIndex];
    const missing: Missing = {};
    if (!name.trim()) missing.name = '请填孩子的姓名';
    if (!birthDate) missing.birthDate = '请选出生日期';
    if (!sex) missing.sex = '请选性别';
    if (!town) missing.town = '请选居住的镇街';
    if (!relation) missing.relation = '请选你和孩子的关系';
    this.setData({ missing });
    if (!name.trim() || !birthDate || !sex || !town || !relation) return null;
    const { weekIndex, villages, villageIndex, homeCared } = this.data;
    return {
      name: name.trim(),
      birth_date: birthDate,
      sex,
      relation,
      town_code: town.code,
      home_cared: homeCared,
      ...(weekIndex ? { gestational_weeks: FIRST_WEEK + weekIndex - 1 } : {}),
      ...(villageIndex ? { village_code: villages[villageIndex].code } : {}),
    };
  },

  async submit() {
    const child = this.filled();
    if (!child) {
      this.setData({ problem: '还有几处没有填，请看红字' });
      return;
    }
    const sent = JSON.stringify(child);
    if (sent !== this.data.sent) this.setData({ sent, key: newKey() });
    this.setData({ busy: true, problem: '' });
    try {
      const made = await registerChild(child, this.data.key);
      if (made.possible_duplicate) this.setData({ duplicate: true, busy: false });
      else this.finish();
    } catch (error) {
      if (codeOf(error).startsWith('consent_')) wx.redirectTo({ url: CONSENT_PAGE });
      else this.setData({ problem: sentence(error), busy: false });
    }
  },

  finish() {
    back();
  },
});
