import {
  following,
  newFollowCode,
  stopFollowing,
  type CodeState,
  type Following,
} from '../../services/following';
import { timeLeft } from '../../utils/dates';
import { sentence } from '../../utils/messages';

const TICK_MS = 1000;
/** How often the server is asked whether the code was scanned. */
const ASK_MS = 3000;

/** What became of the last code, for the parent; what needs no word has none. */
const OUTCOMES: Record<CodeState, string> = {
  waiting: '',
  expired: '',
  linked: '',
  other_parent:
    '扫码的微信已经绑定了另一位家长。请先用那位家长的小程序，在“我的 › 公众号提醒”里解除，再扫一次。',
  other_person: '扫码的微信不是登录小程序的微信，没有绑定。请用自己的微信扫码。',
};

let ticking = 0;
let asked = 0;

Page({
  data: {
    status: 'loading',
    message: '',
    account: '',
    linked: false,
    following: false,
    outcome: '',
    picture: '',
    expiresAt: '',
    left: '',
    busy: false,
    problem: '',
  },

  onShow() {
    clearInterval(ticking);
    ticking = setInterval(() => this.tick(), TICK_MS);
    return this.load();
  },

  onHide() {
    clearInterval(ticking);
  },

  onUnload() {
    clearInterval(ticking);
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      this.show(await following());
    } catch (error) {
      if (this.data.status !== 'ready') this.setData({ status: 'error', message: sentence(error) });
    }
  },

  show(found: Following) {
    const { account_name, linked, code } = found;
    const done = linked && found.following;
    const judged = code !== null && code.state !== 'waiting';
    this.setData({
      status: account_name === null ? 'empty' : 'ready',
      account: account_name ?? '',
      linked,
      following: found.following,
      outcome: linked || !code ? '' : OUTCOMES[code.state],
    });
    if (done || judged) this.setData({ picture: '', left: '' });
  },

  tick() {
    const { picture, expiresAt } = this.data;
    if (!picture) return;
    const now = Date.now();
    this.setData({ left: timeLeft(expiresAt, new Date(now)) });
    if (now - asked < ASK_MS) return;
    asked = now;
    void this.load();
  },

  async showCode() {
    if (this.data.busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      const { picture, expires_at: expiresAt } = await newFollowCode();
      this.setData({
        picture,
        expiresAt,
        left: timeLeft(expiresAt, new Date()),
        outcome: '',
      });
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  async askUnlink() {
    const answer = await wx.showModal({
      title: '解除绑定？',
      content: '公众号里不再收到提醒；小程序里的消息照旧。是否继续关注，请在公众号里决定。',
      confirmText: '解除',
      cancelText: '保留',
    });
    if (!answer.confirm || this.data.busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      await stopFollowing();
      wx.showToast({ title: '已解除', icon: 'none' });
      await this.load();
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },
});
