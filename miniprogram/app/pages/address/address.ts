import { codeOf } from '../../services/errors';
import { children } from '../../services/people';
import { address, forgetAddress, keepAddress } from '../../services/private';
import { attempt } from '../../utils/attempts';
import { fullDayText } from '../../utils/dates';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { back, open } from '../../utils/navigation';

const SHORTEST = 5;

Page({
  data: {
    status: 'loading',
    message: '',
    childId: 0,
    childName: '',
    agreed: false,
    kept: '',
    changed: '',
    typed: '',
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
      const [all, found] = await Promise.all([children(), address(childId)]);
      const kept = found.address ?? '';
      this.setData({
        childName: all.find((child) => child.id === childId)?.name ?? '',
        agreed: found.agreed,
        kept,
        changed: found.changed_at ? fullDayText(found.changed_at) : '',
        typed: this.data.typed || kept,
        status: 'ready',
      });
    } catch (error) {
      if (codeOf(error) === 'not_found') this.setData({ status: 'empty' });
      else this.setData(failed(this.data.status, error));
    }
  },

  readText() {
    open('/pages/consent/consent?ask=address');
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ typed: event.detail.value, problem: '' });
  },

  async save() {
    const { childId, typed, busy } = this.data;
    if (busy) return;
    if (typed.trim().length < SHORTEST) {
      this.setData({ problem: '请写到门牌号，老师才找得到' });
      return;
    }
    await attempt(this, async () => {
      await keepAddress(childId, typed.trim());
      wx.showToast({ title: '地址已保存', icon: 'none' });
      back();
    });
  },

  async askForget() {
    const answer = await wx.showModal({
      title: '删除上门地址？',
      content: '已经约好的入户还在，但老师看不到地址，请打电话告诉中心。',
      confirmText: '删除',
      cancelText: '保留',
    });
    if (!answer.confirm) return;
    try {
      await forgetAddress(this.data.childId);
      this.setData({ typed: '' });
    } catch (error) {
      this.setData({ problem: sentence(error) });
    }
    await this.load();
  },

  finish() {
    back();
  },
});
