import { codeOf } from '../../services/errors';
import { newKey } from '../../services/http';
import { children, consents, correctChild, registerChild, towns } from '../../services/people';
import type {
  Child,
  Correction,
  NewChild,
  Relation,
  Sex,
  Town,
  Village,
} from '../../services/types';
import { addDays, cityDay, fullDayText } from '../../utils/dates';
import { sentence } from '../../utils/messages';
import { back } from '../../utils/navigation';
import { RELATIONS } from '../../utils/relations';

const OLDEST_DAYS = 7 * 366;
const FIRST_WEEK = 20;
const LAST_WEEK = 44;
const WEEK_COUNT = LAST_WEEK - FIRST_WEEK + 1;
const WEEKS = [
  '不填',
  ...Array.from({ length: WEEK_COUNT }, (_, index) => `${FIRST_WEEK + index} 周`),
];
const NO_VILLAGE: Village = { code: '', name: '不填' };
const CONSENT_PAGE =
  '/pages/consent/consent?next=' + encodeURIComponent('/pages/child-form/child-form');

type Missing = Partial<Record<'name' | 'birthDate' | 'sex' | 'town' | 'relation', string>>;

Page({
  data: {
    status: 'loading',
    message: '',
    /** The child to correct; 0 for a new one. */
    childId: 0,
    /** The server has said that name, sex and birth date may no longer be changed here. */
    fixed: '',
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

  onLoad(query: Record<string, string | undefined>) {
    const latest = cityDay(new Date());
    const childId = Number(query.id ?? 0);
    if (childId) wx.setNavigationBarTitle({ title: '修改资料' });
    this.setData({ childId, latest, earliest: addDays(latest, -OLDEST_DAYS) });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      if (this.data.childId) await this.loadChild(this.data.childId);
      else await this.loadEmpty();
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  async loadEmpty() {
    const [documents, places] = await Promise.all([consents(), towns()]);
    if (documents.needed.length) wx.redirectTo({ url: CONSENT_PAGE });
    else this.setData({ towns: places, status: 'ready' });
  },

  async loadChild(id: number) {
    const [all, places] = await Promise.all([children(), towns()]);
    const child = all.find((one) => one.id === id);
    if (!child) {
      this.setData({ status: 'empty' });
      return;
    }
    const townIndex = places.findIndex(({ code }) => code === child.town_code);
    const villages = villagesOf(places[townIndex]);
    const villageIndex = villages.findIndex(({ code }) => code === (child.village_code ?? ''));
    this.setData({ ...identityOf(child), towns: places, townIndex, villages });
    this.setData({
      villageIndex: Math.max(villageIndex, 0),
      weekIndex: child.gestational_weeks ? child.gestational_weeks - FIRST_WEEK + 1 : 0,
      homeCared: child.home_cared,
      status: 'ready',
    });
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
    const villages = villagesOf(this.data.towns[townIndex]);
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

  filled(): Correction | null {
    const { name, birthDate, sex, relation, towns: places, townIndex, childId } = this.data;
    const town = places[townIndex];
    const missing: Missing = {};
    if (!name.trim()) missing.name = '请填孩子的姓名';
    if (!birthDate) missing.birthDate = '请选出生日期';
    if (!sex) missing.sex = '请选性别';
    if (!town) missing.town = '请选居住的镇街';
    if (!relation && !childId) missing.relation = '请选你和孩子的关系';
    this.setData({ missing });
    if (!sex || !town || Object.keys(missing).length) return null;
    const { weekIndex, villages, villageIndex, homeCared } = this.data;
    return {
      name: name.trim(),
      birth_date: birthDate,
      sex,
      town_code: town.code,
      village_code: villages[villageIndex]?.code || null,
      home_cared: homeCared,
      gestational_weeks: weekIndex ? FIRST_WEEK + weekIndex - 1 : null,
    };
  },

  async submit() {
    const form = this.filled();
    const { busy, childId, relation } = this.data;
    if (busy) return;
    if (!form) {
      this.setData({ problem: '还有几处没有填，请看红字' });
      this.showFirstMissing();
      return;
    }
    this.setData({ busy: true, problem: '' });
    try {
      if (childId) await this.correct(childId, form);
      else if (relation) await this.register({ ...form, relation });
    } catch (error) {
      await this.refused(error);
    } finally {
      this.setData({ busy: false });
    }
  },

  /** The keys of `missing` stand in the order of the page. */
  showFirstMissing() {
    const first = Object.keys(this.data.missing)[0];
    if (first) wx.pageScrollTo({ selector: `#field-${first}` });
  },

  async register(child: NewChild) {
    const sent = JSON.stringify(child);
    if (sent !== this.data.sent) this.setData({ sent, key: newKey() });
    const made = await registerChild(child, this.data.key);
    if (made.possible_duplicate) this.setData({ duplicate: true });
    else this.finish();
  },

  async correct(childId: number, form: Correction) {
    await correctChild(childId, form);
    wx.showToast({ title: '改好了', icon: 'none' });
    this.finish();
  },

  /** Who the child is goes back to what it was, so that the rest of the form can still be saved. */
  async refused(error: unknown) {
    const code = codeOf(error);
    const { childId } = this.data;
    if (code.startsWith('consent_') && !childId) {
      wx.redirectTo({ url: CONSENT_PAGE });
    } else if (code === 'identity_fixed') {
      const child = (await children().catch(() => [])).find(({ id }) => id === childId);
      const problem = '姓名、性别和出生日期已恢复原样；其他改动还在，可以再点“保存”。';
      if (child) this.setData({ ...identityOf(child), fixed: sentence(error), problem });
      else this.setData({ problem: sentence(error) });
    } else {
      this.setData({ problem: sentence(error) });
    }
  },

  finish() {
    back();
  },
});

function villagesOf(town: Town | undefined): Village[] {
  return [NO_VILLAGE, ...(town?.villages ?? [])];
}

function identityOf({ name, birth_date, sex }: Child) {
  return { name, sex, birthDate: birth_date, birthDateText: fullDayText(birth_date) };
}
