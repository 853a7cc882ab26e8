import { codeOf } from '../../services/errors';
import { invitePartner, joinPregnancy, leavePregnancy, pregnancy } from '../../services/pregnancy';
import type { Pregnancy } from '../../services/pregnancy-types';
import type { Relation } from '../../services/types';
import { cityDay, dayText, nearDay, timeOf } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { RELATIONS } from '../../utils/relations';

const CODE_LENGTH = 8;

/** Invite the partner, see that two share, join with a code, or leave: what fits the state. */
Page({
  data: {
    status: 'loading',
    message: '',
    state: 'none' as Pregnancy['state'],
    agreed: false,
    opener: false,
    shared: false,
    relations: RELATIONS,
    relation: '' as Relation | '',
    code: '',
    shownCode: '',
    until: '',
    typed: '',
    busy: false,
    problem: '',
    done: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ typed: clean(query.code ?? '') });
  },

  onShow() {
    return this.load();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      this.draw(await pregnancy());
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  draw({ state, agreed, opener, shared }: Pregnancy) {
    this.setData({ state, agreed, opener, shared, status: 'ready' });
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ typed: clean(event.detail.value), problem: '' });
  },

  chooseRelation(event: WechatMiniprogram.TouchEvent) {
    this.setData({ relation: event.currentTarget.dataset.name as Relation, problem: '' });
  },

  readText() {
    open('/pages/consent/consent?ask=pregnancy');
  },

  invite() {
    const { relation } = this.data;
    if (!relation) return this.refuse('请选你是宝宝的什么人');
    return this.act(async () => {
      const { code, expires_at } = await invitePartner(relation);
      const today = cityDay(new Date());
      const day = nearDay(expires_at, today) || dayText(expires_at, today);
      const shownCode = `${code.slice(0, 4)} ${code.slice(4)}`;
      this.setData({ code, shownCode, until: `${day} ${timeOf(expires_at)}` });
    });
  },

  join() {
    const { typed, relation } = this.data;
    if (typed.length !== CODE_LENGTH) return this.refuse(`邀请码是 ${CODE_LENGTH} 位字母`);
    if (!relation) return this.refuse('请选你是宝宝的什么人');
    return this.act(async () => {
      this.draw(await joinPregnancy(typed, relation));
      this.setData({ done: '已经一起看了，提醒两个人都会收到' });
    });
  },

  leave() {
    return this.act(async () => {
      const { opener } = this.data;
      this.draw(await leavePregnancy());
      this.setData({ done: opener ? '已停止共享，对方看不到了' : '已退出，不会再收到孕期的消息' });
    });
  },

  copy() {
    wx.setClipboardData({ data: this.data.code });
  },

  toPregnancy() {
    open('/pages/pregnancy/pregnancy');
  },

  refuse(problem: string) {
    this.setData({ problem });
  },

  async act(work: () => Promise<void>) {
    if (this.data.busy) return;
    this.setData({ busy: true, problem: '', done: '' });
    try {
      await work();
    } catch (error) {
      if (codeOf(error).startsWith('consent_')) {
        const next = encodeURIComponent(
          `/pages/pregnancy-share/pregnancy-share?code=${this.data.typed}`,
        );
        open(`/pages/consent/consent?next=${next}`);
      } else {
        this.setData({ problem: sentence(error) });
      }
    } finally {
      this.setData({ busy: false });
    }
  },

  /** In WeChat the menu at the top right sends this page, with the code typed already. */
  onShareAppMessage() {
    const { code } = this.data;
    return code
      ? { title: '一起看孕期手册', path: `/pages/pregnancy-share/pregnancy-share?code=${code}` }
      : { title: '澄育', path: '/pages/home/home' };
  },
});

/** People write codes with blanks and in small letters. */
function clean(code: string): string {
  return code.replace(/\s/g, '').toUpperCase().slice(0, CODE_LENGTH);
}
