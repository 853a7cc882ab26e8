import { request } from '../../services/http';

/** Every wx call of the preview, one button each; the outcome is shown as JSON. */
const calls: Record<string, () => unknown> = {
  login: () => wx.login(),
  subscribe: () => wx.requestSubscribeMessage({ tmplIds: ['T1', 'T2'] }),
  subscribeToFour: () => wx.requestSubscribeMessage({ tmplIds: ['T1', 'T2', 'T3', 'T4'] }),
  subscribeMixed: () => wx.requestSubscribeMessage({ tmplIds: ['T1', 'T3'] }),
  subscribeLate: async () => {
    await wx.getNetworkType();
    return wx.requestSubscribeMessage({ tmplIds: ['T1'] });
  },
  modal: () => wx.showModal({ title: '确认', content: '要继续吗？' }),
  ask: () => wx.showModal({ title: '姓名', editable: true, placeholderText: '请填写' }),
  sheet: () => wx.showActionSheet({ itemList: ['甲', '乙'] }),
  toast: () => wx.showToast({ title: '已保存' }),
  loading: () => wx.showLoading({ title: '请稍候' }),
  done: () => {
    void wx.hideLoading();
    return wx.hideToast();
  },
  storage: () => {
    wx.setStorageSync('a', { one: 1 });
    wx.setStorageSync('b', [2]);
    const before = [wx.getStorageSync('a'), wx.getStorageSync('b')];
    wx.removeStorageSync('a');
    wx.clearStorageSync();
    return { before, after: [wx.getStorageSync('a'), wx.getStorageSync('b')] };
  },
  keep: () => wx.setStorageSync('token', 'kept'),
  kept: () => wx.getStorageSync('token') as string,
  device: () => ({
    window: wx.getWindowInfo().windowWidth,
    theme: wx.getAppBaseInfo().theme,
    font: wx.getAppBaseInfo().fontSizeSetting,
    version: wx.getAccountInfoSync().miniProgram.envVersion,
    launched: wx.getLaunchOptionsSync().path,
    can: [wx.canIUse('getNetworkType'), wx.canIUse('startBluetooth')],
  }),
  network: () => wx.getNetworkType(),
  copy: () => wx.setClipboardData({ data: '邀请码' }),
  phone: () => wx.makePhoneCall({ phoneNumber: '0510-00000000' }),
  where: () =>
    new Promise((success, fail) => {
      wx.getFuzzyLocation({ type: 'gcj02', success, fail });
    }),
  map: () => wx.openLocation({ latitude: 31.9, longitude: 120.3, name: '中心', address: '一号' }),
  awake: () => wx.setKeepScreenOn({ keepScreenOn: true }),
  large: () => wx.previewImage({ urls: ['/static/leaf.png'] }),
  save: () => wx.saveImageToPhotosAlbum({ filePath: '/static/leaf.png' }),
  later: () => new Promise((resolve) => wx.nextTick(() => resolve('later'))),
  badge: () => wx.setTabBarBadge({ index: 0, text: '3' }),
  noBadge: () => wx.removeTabBarBadge({ index: 0 }),
  refresh: () => wx.startPullDownRefresh(),
  jump: () => wx.pageScrollTo({ selector: '#events' }),
  scroll: () => wx.pageScrollTo({ scrollTop: 40 }),
  relaunch: () => wx.reLaunch({ url: '/pages/detail/detail?id=1' }),
  redirect: () => wx.redirectTo({ url: '/pages/detail/detail?id=2' }),
  toTab: () => wx.navigateTo({ url: '/pages/home/home' }),
  nowhere: () => wx.navigateTo({ url: '/pages/none/none' }),
  foreign: () => request('https://example.com/a'),
  relative: () => request('/api/items'),
  post: () => request('http://127.0.0.1:8000/api/echo', 'POST', { a: [1], b: '二' }),
  query: () => request('http://127.0.0.1:8000/api/echo?x=1', 'GET', { q: '发热' }),
  aborted: () => request('http://127.0.0.1:8000/api/slow', 'GET', undefined, true),
};

Page({
  data: { names: Object.keys(calls), outcome: '', events: [] as string[], taken: false },
  onLoad() {
    wx.onNetworkStatusChange(({ isConnected }) => this.note(isConnected ? '有网' : '断网'));
    wx.onThemeChange(({ theme }) => this.note(theme));
  },
  onUnload() {
    wx.offNetworkStatusChange();
    wx.offThemeChange();
  },
  take() {
    this.setData({ taken: !this.data.taken });
  },
  note(event: string) {
    this.setData({ events: [...this.data.events, event] });
  },
  async call({ currentTarget }: WechatMiniprogram.TouchEvent) {
    const name = currentTarget.dataset.name as string;
    this.setData({ outcome: '' });
    try {
      const result = await calls[name]?.();
      this.setData({ outcome: `${name} ${JSON.stringify(result)}` });
    } catch (error) {
      this.setData({ outcome: `${name} failed ${JSON.stringify(error)}` });
    }
  },
  onShareAppMessage() {
    return { title: '给你看', path: '/pages/calls/calls', imageUrl: '/static/leaf.png' };
  },
  phoneGiven({ detail }: WechatMiniprogram.ButtonGetPhoneNumber) {
    this.setData({ outcome: JSON.stringify(detail) });
  },
});
