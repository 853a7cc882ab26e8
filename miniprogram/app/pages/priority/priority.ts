import { codeOf } from '../../services/errors';
import { children } from '../../services/people';
import { askPriority, priority, withdrawPriority } from '../../services/private';
import type { Priority, PriorityKind, PriorityState } from '../../services/visit-types';
import { attempt } from '../../utils/attempts';
import { fullDayText } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { back, open } from '../../utils/navigation';

const KINDS: { kind: PriorityKind; title: string }[] = [
  { kind: 'disability', title: '残疾' },
  { kind: 'autism', title: '孤独症' },
  { kind: 'hardship', title: '困境' },
];
const STATES: Record<PriorityState, string> = {
  none: '还没有申请。',
  asked: '已申请，等街镇工作人员核实。',
  granted: '已有优先资格',
  refused: '这次申请没有通过。情况有变，可以再申请。',
  ended: '优先资格已由街镇收回。有疑问请联系街镇。',
  expired: '优先资格已到期，可以再申请。',
};
/** Nothing stands of these: who wants priority asks anew. */
const OVER: PriorityState[] = ['none', 'refused', 'ended', 'expired'];

Page({
  data: {
    status: 'loading',
    message: '',
    childId: 0,
    childName: '',
    kinds: KINDS,
    kind: '' as PriorityKind | '',
    agreed: false,
    stateText: '',
    standing: false,
    mayAsk: false,
    asked: false,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ childId: Number(query.child ?? 0) });
  },

  onShow() {
    return this.load();
  },

  async load() {
    const { childId, status } = this.data;
    if (status !== 'ready') this.setData({ status: 'loading' });
    try {
      const [all, found] = await Promise.all([children(), priority(childId)]);
      const childName = all.find((child) => child.id === childId)?.name ?? '';
      this.setData({ childName, ...view(found), status: 'ready' });
    } catch (error) {
      if (codeOf(error) === 'not_found') this.setData({ status: 'empty' });
      else this.setData(failed(this.data.status, error));
    }
  },

  readText() {
    open('/pages/consent/consent?ask=priority');
  },

  chooseKind(event: WechatMiniprogram.TouchEvent) {
    this.setData({ kind: event.currentTarget.dataset.kind as PriorityKind, problem: '' });
  },

  async ask() {
    const { childId, kind, busy } = this.data;
    if (busy) return;
    if (!kind) {
      this.setData({ problem: '请先选一类' });
      return;
    }
    await attempt(this, async () => {
      this.setData({ ...view(await askPriority(childId, kind)), kind: '' });
      wx.showToast({ title: '申请已提交', icon: 'none' });
    });
  },

  async askWithdraw() {
    const answer = await wx.showModal({
      title: '撤回并删除？',
      content: '申请或优先资格会删除，不留记录。以后可以再申请。',
      confirmText: '删除',
      cancelText: '保留',
    });
    if (!answer.confirm) return;
    try {
      await withdrawPriority(this.data.childId);
    } catch (error) {
      this.setData({ problem: sentence(error) });
    }
    await this.load();
  },

  finish() {
    back();
  },
});

function view({ state, valid_until: until, agreed }: Priority) {
  const term = state === 'granted' && until ? `，到 ${fullDayText(until)} 为止。` : '';
  return {
    agreed,
    stateText: STATES[state] + term,
    standing: state === 'asked' || state === 'granted',
    asked: state === 'asked',
    mayAsk: OVER.includes(state) || state === 'asked',
  };
}
