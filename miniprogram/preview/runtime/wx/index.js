// The global `wx`: everything the mini-program may call, and a loud no to the rest.
import { hideToast, loading, modal, sheet, toast } from '../dialogs/messages.js';
import { asynchronous } from './call.js';
import { device } from './device.js';
import { files } from './files.js';
import { network } from './network.js';
import { pictures } from './pictures.js';
import { position } from './position.js';
import { storage } from './storage.js';
import { wechat } from './wechat.js';

const OF_PAGES = [
  'navigateTo',
  'redirectTo',
  'navigateBack',
  'switchTab',
  'reLaunch',
  'startPullDownRefresh',
  'stopPullDownRefresh',
  'pageScrollTo',
];
const OF_CHROME = ['setNavigationBarTitle', 'setTabBarBadge', 'removeTabBarBadge'];

const messages = {
  showModal: modal,
  showActionSheet: async ({ itemList, itemColor, alertText }) => {
    const tapIndex = await sheet(itemList, alertText, itemColor);
    if (tapIndex === null) throw new Error('cancel');
    return { tapIndex };
  },
  showToast: toast,
  hideToast,
  showLoading: loading,
  hideLoading: hideToast,
};

/**
 * @param {import('../pages.js').Pages} pages
 * @param {import('../chrome.js').Chrome} chrome
 * @param {{app: object, project: {libVersion: string, appid: string}}} config
 * @param {object} launch
 */
export function makeWx(pages, chrome, { app, project }, launch) {
  const methods = (owner, names) =>
    Object.fromEntries(names.map((name) => [name, (options) => owner[name](options)]));
  const promised = { ...messages, ...methods(pages, OF_PAGES), ...methods(chrome, OF_CHROME) };
  const known = {
    ...Object.fromEntries(
      Object.entries(promised).map(([name, run]) => [name, asynchronous(name, run)]),
    ),
    ...device(project, launch),
    ...files,
    ...network,
    ...pictures,
    ...position(app),
    ...storage,
    ...wechat,
    nextTick: (run) => void setTimeout(run),
    createSelectorQuery: () => pages.current.instance.createSelectorQuery(),
    canIUse: (name) => name.split('.')[0] in known,
  };
  return new Proxy(known, {
    get(target, name) {
      if (typeof name === 'string' && !(name in target))
        console.error(`[preview] wx.${name} is not simulated`);
      return target[name];
    },
  });
}
