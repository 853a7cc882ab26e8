import { forgetDiaries } from '../../services/diary';
import { subscriptions } from '../../services/messages';
import {
  children,
  closeAccount,
  comeBack,
  consents,
  deleteChild,
  depart,
  exportChild,
  forgetPhone,
  keepPhone,
  me,
  withdrawConsent,
} from '../../services/people';
import { signOut } from '../../services/session';
import type { Child, Consents, Departure, Me, Purpose, Subscriptions } from '../../services/types';
import { attempt } from '../../utils/attempts';
import { fullDayText } from '../../utils/dates';
import { ageLine, DEPARTED, QUESTIONS } from '../../utils/departures';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { stillComing } from '../../utils/permissions';

interface ChildView {
  id: number;
  name: string;
  age: string;
  place: string;
  guardians: string;
  /** What deleting does, which depends on who else looks after the child. */
  deleteText: string;
  duplicate: boolean;
  /** What the family said of where the child is now; empty while it lives here. */
  departed: string;
  mayUndo: boolean;
}

const BASIC =
  '撤回后，仍可以读指南；登记孩子和预约要等再次同意。已经登记的资料，可以在“孩子”里删除。';

/** What taking a consent back does. */
const WITHDRAWN: Record<Purpose, string> = {
  privacy: BASIC,
  children: BASIC,
  priority: '撤回后，优先申请和优先资格会删除，不留记录。照常可以预约。',
  address: '撤回后，上门地址会删除。已经约好的入户，老师看不到地址，请打电话告诉中心。',
  pregnancy: '撤回后，孕期手册和全部孕期记录会删除，提醒停止，不能恢复。',
  diary:
    '撤回后，你看不到成长日记和自查结果。家里没有别人同意时，日记和照片全部删除，不能找回，想留的请先打包带走。',
};

interface ConsentView {
  purpose: Purpose;
  title: string;
  state: string;
  given: boolean;
  withdrawText: string;
  /** Where to agree: each of the optional texts is asked for alone. */
  askPage: string;
}

const OPTIONAL: Purpose[] = ['priority', 'address', 'pregnancy', 'diary'];

Page({
  data: {
    status: 'loading',
    message: '',
    children: [] as ChildView[],
    consents: [] as ConsentView[],
    subscriptions: null as Subscriptions | null,
    /** What will still come in WeChat, and by which way. */
    coming: '',
    /** As 138****0000; empty when none is kept. */
    phone: '',
    phoneBusy: false,
    chosen: null as ChildView | null,
    /** The child whose situation has changed. */
    changing: null as ChildView | null,
    withdrawing: null as ConsentView | null,
    busy: false,
    problem: '',
  },

  onShow() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const [all, documents, subscribed, own] = await Promise.all([
        children(),
        consents(),
        subscriptions(),
        me(),
      ]);
      this.setData({
        children: all.map(childView),
        consents: consentViews(documents),
        subscriptions: subscribed,
        coming: stillComing(subscribed),
        phone: own.phone_masked ?? '',
        status: 'ready',
      });
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  go(event: WechatMiniprogram.TouchEvent) {
    open(String(event.currentTarget.dataset.page));
  },

  register() {
    open('/pages/child-form/child-form');
  },

  enterCode() {
    open('/pages/invite/invite');
  },

  chooseChild(event: WechatMiniprogram.TouchEvent) {
    const id = Number(event.currentTarget.dataset.id);
    const chosen = this.data.children.find((child) => child.id === id) ?? null;
    this.setData({ chosen, problem: '' });
  },

  closeChild() {
    if (!this.data.busy) this.setData({ chosen: null });
  },

  invite() {
    const { chosen } = this.data;
    this.setData({ chosen: null });
    if (chosen) open(`/pages/invite/invite?child=${chosen.id}`);
  },

  correct() {
    const { chosen } = this.data;
    this.setData({ chosen: null });
    if (chosen) open(`/pages/child-form/child-form?id=${chosen.id}`);
  },

  /** Whoever refuses in WeChat's question brings no code, and nothing happens. */
  async phoneAnswer(event: WechatMiniprogram.CustomEvent<{ code?: string }>) {
    const { code } = event.detail;
    if (code) await this.changePhone(() => keepPhone(code), '手机号已保存');
  },

  async askForgetPhone() {
    const answer = await wx.showModal({
      title: '删除手机号？',
      content: '中心有事就联系不上你，只能在小程序里留消息。',
      confirmText: '删除',
      cancelText: '保留',
    });
    if (answer.confirm) await this.changePhone(forgetPhone, '手机号已删除');
  },

  async changePhone(change: () => Promise<Me>, title: string) {
    if (this.data.phoneBusy) return;
    this.setData({ phoneBusy: true });
    try {
      const { phone_masked } = await change();
      this.setData({ phone: phone_masked ?? '' });
      wx.showToast({ title, icon: 'none' });
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
    } finally {
      this.setData({ phoneBusy: false });
    }
  },

  takeAlong() {
    this.openOfChild('take-along');
  },

  askPriority() {
    this.openOfChild('priority');
  },

  editAddress() {
    this.openOfChild('address');
  },

  openOfChild(page: string) {
    const { chosen } = this.data;
    this.setData({ chosen: null });
    if (chosen) open(`/pages/${page}/${page}?child=${chosen.id}`);
  },

  exportAll() {
    return this.withChosen(async (child: ChildView) => {
      const everything = await exportChild(child.id);
      await wx.setClipboardData({ data: JSON.stringify(everything, null, 2) });
    });
  },

  changeSituation() {
    this.setData({ changing: this.data.chosen, chosen: null, problem: '' });
  },

  closeChanging() {
    if (!this.data.busy) this.setData({ changing: null });
  },

  async depart(event: WechatMiniprogram.TouchEvent) {
    const { changing, busy } = this.data;
    const kind = event.currentTarget.dataset.kind as Departure;
    if (!changing || busy) return;
    const { title, content, said } = QUESTIONS[kind];
    const answer = await wx.showModal({
      title,
      content,
      confirmText: '确认',
      cancelText: '返回',
    });
    if (answer.confirm) await this.change(() => depart(changing.id, kind), said);
  },

  async undoDeparture() {
    const { changing } = this.data;
    if (changing) await this.change(() => comeBack(changing.id), '已撤销，活动请重新预约');
  },

  /** Says on the sheet what went wrong, and closes it when nothing did. */
  async change(act: () => Promise<Child>, said: string) {
    await attempt(this, async () => {
      await act();
      this.setData({ changing: null });
      wx.showToast({ title: said, icon: 'none' });
      await this.load();
    });
  },

  async askDelete() {
    const { chosen } = this.data;
    if (!chosen) return;
    const answer = await wx.showModal({
      title: '删除孩子的资料？',
      content: chosen.deleteText,
      confirmText: '删除',
      cancelText: '保留',
    });
    if (!answer.confirm) return;
    await this.withChosen((child: ChildView) => deleteChild(child.id));
    await this.load();
  },

  /** Runs `act` on the child of the sheet, closes the sheet, or says there what went wrong. */
  async withChosen(act: (child: ChildView) => Promise<void>) {
    const { chosen } = this.data;
    if (!chosen) return;
    await attempt(this, async () => {
      await act(chosen);
      this.setData({ chosen: null });
    });
  },

  answered(event: WechatMiniprogram.CustomEvent<Subscriptions>) {
    this.setData({ subscriptions: event.detail, coming: stillComing(event.detail) });
  },

  openConsent(event: WechatMiniprogram.TouchEvent) {
    open(`/pages/consent/consent?read=${String(event.currentTarget.dataset.purpose)}`);
  },

  askWithdraw(event: WechatMiniprogram.TouchEvent) {
    const purpose = String(event.currentTarget.dataset.purpose);
    const withdrawing = this.data.consents.find((one) => one.purpose === purpose) ?? null;
    this.setData({ withdrawing, problem: '' });
  },

  keepConsent() {
    if (!this.data.busy) this.setData({ withdrawing: null });
  },

  async withdraw() {
    const { withdrawing } = this.data;
    if (!withdrawing) return;
    await attempt(this, async () => {
      const answer = await withdrawConsent(withdrawing.purpose);
      if (withdrawing.purpose === 'diary') forgetDiaries();
      this.setData({ consents: consentViews(answer), withdrawing: null });
    });
  },

  async askClose() {
    const answer = await wx.showModal({
      title: '注销账号？',
      content: '你会退出所有孩子的家庭；只有你一位家长的孩子，资料会删除，不能恢复。',
      confirmText: '注销',
      cancelText: '保留',
    });
    if (!answer.confirm) return;
    try {
      await closeAccount();
      wx.reLaunch({ url: '/pages/home/home' });
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
    }
  },

  async leave() {
    const answer = await wx.showModal({
      title: '清除这台手机上的内容？',
      content: '保存在手机上的登录和离线内容会清除，登记和预约不受影响。',
      confirmText: '清除',
      cancelText: '取消',
    });
    if (!answer.confirm) return;
    await signOut().catch(() => undefined);
    wx.reLaunch({ url: '/pages/home/home' });
  },
});

function childView(child: Child): ChildView {
  return {
    id: child.id,
    name: child.name,
    age: ageLine(child),
    place: [child.town, child.village ?? ''].filter(Boolean).join(' '),
    guardians: `${child.guardians} 位家长`,
    deleteText: deleteText(child),
    duplicate: child.possible_duplicate,
    departed: child.departure ? DEPARTED[child.departure] : '',
    mayUndo: child.may_undo_departure,
  };
}

function deleteText({ name, guardians }: Child): string {
  return guardians > 1
    ? `你会看不到${name}的资料；其他 ${guardians - 1} 位家长仍保留。`
    : `${name}的登记、预约和手册记录都会删除，不能恢复。`;
}

function consentViews(all: Consents): ConsentView[] {
  return all.documents.map((document) => {
    const given = all.given.find(
      (one) =>
        one.purpose === document.purpose &&
        one.version === document.version &&
        one.withdrawn_at === null,
    );
    const optional = OPTIONAL.includes(document.purpose);
    return {
      purpose: document.purpose,
      title: document.title,
      state: given ? `${fullDayText(given.given_at)} 同意` : optional ? '用到才问' : '还没有同意',
      given: given !== undefined,
      withdrawText: WITHDRAWN[document.purpose],
      askPage: '/pages/consent/consent' + (optional ? `?ask=${document.purpose}` : ''),
    };
  });
}
