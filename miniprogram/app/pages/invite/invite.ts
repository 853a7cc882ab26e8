import { codeOf } from '../../services/errors';
import { acceptInvitation, chooseChild, children, invite } from '../../services/people';
import type { Relation } from '../../services/types';
import { cityDay, dayText, nearDay, timeOf } from '../../utils/dates';
import { sentence } from '../../utils/messages';
import { RELATIONS } from '../../utils/relations';

const CODE_LENGTH = 8;

Page({
  data: {
    status: 'loading',
    message: '',
    childId: 0,
    childName: '',
    code: '',
    shownCode: '',
    until: '',
    typed: '',
    relations: RELATIONS,
    relation: '' as Relation | '',
    busy: false,
    problem: '',
    joined: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    const childId = Number(query.child ?? 0);
    this.setData({ childId, typed: clean(query.code ?? '') });
    if (!childId) {
      wx.setNavigationBarTitle({ title: '输入邀请码' });
      this.setData({ status: 'ready' });
      return undefined;
    }
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const child = (await children()).find((one) => one.id === this.data.childId);
      const { code, expires_at } = await invite(this.data.childId);
      const today = cityDay(new Date());
      const day = nearDay(expires_at, today) || dayText(expires_at, today);
      const until = `${day} ${timeOf(expires_at)}`;
      const shownCode = `${code.slice(0, 4)} ${code.slice(4)}`;
      this.setData({ childName: child?.name ?? '', code, shownCode, until, status: 'ready' });
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  copy() {
    wx.setClipboardData({ data: this.data.code });
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ typed: clean(event.detail.value), problem: '' });
  },

  chooseRelation(event: WechatMiniprogram.TouchEvent) {
    this.setData({ relation: event.currentTarget.dataset.name as Relation, problem: '' });
  },

  async accept() {
    const { typed, relation, busy } = this.data;
    if (busy) return;
    if (typed.length !== CODE_LENGTH || !relation) {
      this.setData({
        problem: relation ? `邀请码是 ${CODE_LENGTH} 位字母` : '请选你和孩子的关系',
      });
      return;
    }
    this.setData({ busy: true, problem: '' });
    try {
      const child = await acceptInvitation(typed, relation);
      chooseChild(child.id);
      this.setData({ joined: child.name, busy: false });
    } catch (error) {
      if (codeOf(error).startsWith('consent_')) this.askConsent(typed);
      else this.setData({ problem: sentence(error), busy: false });
    }
  },

  askConsent(code: string) {
    const next = encodeURIComponent(`/pages/invite/invite?code=${code}`);
    wx.redirectTo({ url: `/pages/consent/consent?next=${next}` });
  },

  /** In WeChat the menu at the top right sends this page, with the code typed already. */
  onShareAppMessage() {
    const { code, childName } = this.data;
    return code
      ? { title: `一起照看${childName}`, path: `/pages/invite/invite?code=${code}` }
      : { title: '澄育', path: '/pages/home/home' };
  },

  goHome() {
    wx.switchTab({ url: '/pages/home/home' });
  },
});

/** People write codes with blanks and in small letters. */
function clean(code: string): string {
  return code.replace(/\s/g, '').toUpperCase().slice(0, CODE_LENGTH);
}
