import { modal, sheet, toast, untoast } from './ui.js';
// Callback + promise style like the real wx.*: promise only when no callbacks are given.
const wrap =
  (name, fn) =>
  (o = {}) => {
    const p = Promise.resolve()
      .then(() => fn(o))
      .then(
        (r) => ({ errMsg: name + ':ok', ...r }),
        (e) => {
          throw Object.assign(
            {
              errMsg: String(
                e.errMsg || (/:fail/.test(e.message) ? e.message : name + ':fail ' + e.message),
              ),
            },
            e.errno && { errno: e.errno },
          );
        },
      );
    if (o.success || o.fail || o.complete) {
      p.then(
        (r) => {
          o.success && o.success(r);
          o.complete && o.complete(r);
        },
        (e) => {
          o.fail && o.fail(e);
          o.complete && o.complete(e);
        },
      );
      return undefined;
    }
    return p;
  };
const url = new URL(location.href);
const PRE = 'mp:';
const getS = (k) => {
  const v = localStorage.getItem(PRE + k);
  return v === null ? '' : JSON.parse(v);
};
export function makeWx(nav) {
  const api = {};
  const add = (name, fn) => {
    api[name] = wrap(name, fn);
  };
  for (const k of ['navigateTo', 'redirectTo', 'navigateBack', 'switchTab', 'reLaunch'])
    add(k, nav[k]);
  api.request = (o) => {
    const ac = new AbortController();
    wrap('request', async () => {
      let u = o.url,
        body;
      const m = (o.method || 'GET').toUpperCase(),
        head = { 'content-type': 'application/json', ...o.header };
      if (m === 'GET' && o.data) u += (u.includes('?') ? '&' : '?') + new URLSearchParams(o.data);
      else if (o.data !== undefined)
        body =
          typeof o.data === 'string'
            ? o.data
            : /urlencoded/.test(head['content-type'])
              ? String(new URLSearchParams(o.data))
              : JSON.stringify(o.data);
      const r = await fetch(u, {
        method: m,
        headers: head,
        body,
        signal: o.timeout
          ? AbortSignal.any([ac.signal, AbortSignal.timeout(o.timeout)])
          : ac.signal,
      });
      const t = await r.text();
      let data = t;
      if (o.dataType !== '其他')
        try {
          data = JSON.parse(t);
        } catch {
          /* text */
        }
      return { statusCode: r.status, data, header: Object.fromEntries(r.headers), cookies: [] };
    })({ ...o, complete: o.complete || (() => {}) });
    return { abort: () => ac.abort() };
  };
  add('login', async () => ({ code: url.searchParams.get('user') || 'dev-code' }));
  add('checkSession', async () => ({}));
  add('requestSubscribeMessage', async (o) => {
    const r = await modal({
      title: '订阅消息',
      content: '允许发送服务通知？',
      confirmText: '允许',
      cancelText: '拒绝',
    });
    return Object.fromEntries(o.tmplIds.map((t) => [t, r.confirm ? 'accept' : 'reject']));
  });
  add('showModal', modal);
  add('showActionSheet', async (o) => {
    const i = await sheet(o.itemList);
    if (i === null) throw new Error('cancel');
    return { tapIndex: i };
  });
  add('showToast', (o) => toast(o));
  add('hideToast', untoast);
  add('showLoading', (o) => toast(o, true));
  add('hideLoading', untoast);
  add('setNavigationBarTitle', (o) => {
    nav.current().title = o.title;
    globalThis.__chrome();
  });
  add('setNavigationBarColor', () => {});
  for (const k of [
    'showNavigationBarLoading',
    'hideNavigationBarLoading',
    'stopPullDownRefresh',
    'startPullDownRefresh',
    'setTabBarBadge',
    'removeTabBarBadge',
    'showShareMenu',
    'reportEvent',
    'setKeepScreenOn',
    'vibrateShort',
  ])
    add(k, () => {});
  add('pageScrollTo', (o) => {
    nav.current().host.scrollTo({ top: o.scrollTop || 0, behavior: 'instant' });
  });
  Object.assign(api, {
    getStorageSync: getS,
    setStorageSync: (k, v) => localStorage.setItem(PRE + k, JSON.stringify(v)),
    removeStorageSync: (k) => localStorage.removeItem(PRE + k),
    clearStorageSync: () =>
      Object.keys(localStorage)
        .filter((k) => k.startsWith(PRE))
        .forEach((k) => localStorage.removeItem(k)),
    getStorageInfoSync: () => ({
      keys: Object.keys(localStorage)
        .filter((k) => k.startsWith(PRE))
        .map((k) => k.slice(PRE.length)),
      currentSize: 0,
      limitSize: 10240,
    }),
  });
  add('getStorage', async (o) => {
    if (localStorage.getItem(PRE + o.key) === null) throw new Error('data not found');
    return { data: getS(o.key) };
  });
  add('setStorage', (o) => api.setStorageSync(o.key, o.data));
  add('removeStorage', (o) => api.removeStorageSync(o.key));
  add('clearStorage', api.clearStorageSync);
  const theme = () => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  api.getWindowInfo = () => ({
    pixelRatio: devicePixelRatio,
    windowWidth: innerWidth,
    windowHeight: innerHeight,
    screenWidth: innerWidth,
    screenHeight: innerHeight,
    statusBarHeight: 0,
    safeArea: {
      left: 0,
      top: 0,
      right: innerWidth,
      bottom: innerHeight,
      width: innerWidth,
      height: innerHeight,
    },
  });
  api.getAppBaseInfo = () => ({
    SDKVersion: '3.7.12',
    language: 'zh_CN',
    version: '8.0.0',
    theme: theme(),
    host: { env: 'browser-preview' },
  });
  api.getDeviceInfo = () => ({
    platform: 'devtools',
    brand: 'browser',
    model: 'preview',
    system: 'web',
  });
  api.getSystemInfoSync = () => ({
    ...api.getWindowInfo(),
    ...api.getAppBaseInfo(),
    ...api.getDeviceInfo(),
  });
  add('getSystemInfo', api.getSystemInfoSync);
  api.getAccountInfoSync = () => ({
    miniProgram: { appId: 'touristappid', envVersion: 'develop', version: '' },
  });
  api.getMenuButtonBoundingClientRect = () => ({
    top: 6,
    right: innerWidth - 7,
    bottom: 38,
    left: innerWidth - 94,
    width: 87,
    height: 32,
  });
  api.onThemeChange = (f) =>
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      f({ theme: theme() }),
    );
  api.offThemeChange = () => {};
  api.onNetworkStatusChange = (f) => {
    for (const k of ['online', 'offline'])
      addEventListener(k, () =>
        f({ isConnected: navigator.onLine, networkType: navigator.onLine ? 'wifi' : 'none' }),
      );
  };
  add('getNetworkType', () => ({ networkType: navigator.onLine ? 'wifi' : 'none' }));
  api.nextTick = (f) => Promise.resolve().then(f);
  api.canIUse = (k) => k.split('.')[0] in api;
  api.getLaunchOptionsSync = api.getEnterOptionsSync = () => ({ path: '', query: {}, scene: 1001 });
  add('setClipboardData', (o) => navigator.clipboard.writeText(o.data));
  add('makePhoneCall', (o) => toast({ title: '拨打 ' + o.phoneNumber }));
  add('previewImage', (o) => {
    open(o.current || o.urls[0]);
  });
  add('openDocument', () => {});
  add('getSetting', () => ({ authSetting: {}, subscriptionsSetting: {} }));
  api.getUpdateManager = () => ({
    onCheckForUpdate() {},
    onUpdateReady() {},
    onUpdateFailed() {},
    applyUpdate() {},
  });
  api.createSelectorQuery = () => nav.current().inst.createSelectorQuery();
  api.env = { USER_DATA_PATH: 'mp://usr' };
  return new Proxy(api, {
    get(t, k) {
      if (k in t || typeof k !== 'string') return t[k];
      if (k !== 'then') console.warn('[mp] wx.' + k + ' is not simulated');
      return undefined;
    },
  });
}
