// What a mini-program may know of the phone, the window and itself.
import { settings } from '../location.js';
import { toast } from '../dialogs/messages.js';
import { asynchronous } from './call.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = () => (dark.matches ? 'dark' : 'light');
const themeListeners = new Set();
dark.addEventListener('change', () =>
  themeListeners.forEach((listener) => listener({ theme: theme() })),
);

function getWindowInfo() {
  const size = { windowWidth: innerWidth, windowHeight: innerHeight };
  return {
    ...size,
    screenWidth: innerWidth,
    screenHeight: innerHeight,
    pixelRatio: devicePixelRatio,
    statusBarHeight: 0,
    safeArea: {
      left: 0,
      top: 0,
      right: innerWidth,
      bottom: innerHeight,
      width: innerWidth,
      height: innerHeight,
    },
  };
}

/**
 * @param {{libVersion: string, appid: string}} project
 * @param {{path: string, query: object, scene: number}} launch
 */
export const device = (project, launch) => ({
  getWindowInfo,
  getAppBaseInfo: () => ({
    SDKVersion: project.libVersion,
    language: 'zh_CN',
    version: '8.0.0',
    theme: theme(),
    fontSizeSetting: settings.fontSize,
    fontSizeScaleFactor: settings.fontSize / 16,
  }),
  getAccountInfoSync: () => ({
    miniProgram: { appId: project.appid, envVersion: 'develop', version: '' },
  }),
  getLaunchOptionsSync: () => launch,
  onThemeChange: (listener) => void themeListeners.add(listener),
  offThemeChange: (listener) =>
    void (listener ? themeListeners.delete(listener) : themeListeners.clear()),
  setClipboardData: asynchronous('setClipboardData', async ({ data }) => {
    await navigator.clipboard.writeText(data);
    toast({ title: '内容已复制' });
  }),
  setKeepScreenOn: asynchronous('setKeepScreenOn', () => undefined),
  addPhoneCalendar: asynchronous('addPhoneCalendar', ({ title, startTime }) => {
    if (!title || !startTime) throw new Error('parameter error');
    toast({ title: '已加入日历', icon: 'none' });
  }),
  makePhoneCall: asynchronous('makePhoneCall', ({ phoneNumber }) =>
    toast({ title: `拨打 ${phoneNumber}`, icon: 'none' }),
  ),
});
