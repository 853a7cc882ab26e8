// Starts the mini-program: wx and App, then every page's code, then the first page.
import { Chrome } from './chrome.js';
import { defineUnit, tap } from './engine.js';
import { installSheets } from './focus.js';
import { installClickGuard, installKeyboard } from './gestures.js';
import { installImages } from './location.js';
import { Pages } from './pages.js';
import { makeWx } from './wx/index.js';
import { cutNetwork } from './wx/network.js';
import { choosePhone } from './wx/wechat.js';

const SCENE_FROM_HOME_SCREEN = 1001;

/**
 * @param {object} program what the build put together
 * @param {Record<string, unknown>} program.templates
 * @param {{path: string, json: object, scope?: string}[]} program.units pages and components
 * @param {{app: object, theme: object, pages: string[], project: object}} program.config
 * @param {Record<string, string>} program.images path in the package → data: URL
 * @param {Record<string, () => void>} program.loaders run the code of `app` and of each unit
 */
export async function boot({ templates, units, config, images, loaders }) {
  installImages(images);
  try {
    await choosePhone();
  } catch (error) {
    console.error('[preview] no phone:', error);
    document.querySelector('#no-phone').hidden = false;
    return;
  }
  const chrome = new Chrome(config);
  const pages = new Pages(config, units, (page) => {
    chrome.draw();
    history.replaceState(null, '', `#${urlOf(page)}`);
  });
  chrome.attach(pages);

  const firstUrl = location.hash.slice(1) || `/${config.pages[0]}`;
  const launch = launchOptions(firstUrl);
  let app = {};
  Object.assign(globalThis, {
    wx: makeWx(pages, chrome, config, launch),
    App: (definition) => (app = definition),
    getApp: () => app,
    getCurrentPages: () => pages.stack.map((page) => page.instance),
  });
  loaders.app();
  for (const unit of units.filter(({ path }) => loaders[path]))
    defineUnit(unit, templates, loaders[unit.path]);
  installKeyboard(tap);
  installSheets(tap);
  installClickGuard();

  app.onLaunch?.(launch);
  app.onShow?.(launch);
  pages.reLaunch({ url: firstUrl });
  document.addEventListener('visibilitychange', () => {
    const visible = document.visibilityState === 'visible';
    if (visible) app.onShow?.(launch);
    pages.setVisible(visible);
    if (!visible) app.onHide?.();
  });
  addEventListener('hashchange', () => pages.reLaunch({ url: location.hash.slice(1) }));
  addEventListener('message', ({ origin, data }) => {
    if (origin === location.origin && data?.kind === 'network') cutNetwork(!data.connected);
  });
}

function launchOptions(url) {
  const { pathname, searchParams } = new URL(url, 'app://_/');
  const query = Object.fromEntries(searchParams);
  return { path: pathname.slice(1), query, scene: SCENE_FROM_HOME_SCREEN };
}

function urlOf({ route, query }) {
  const search = String(new URLSearchParams(query));
  return `/${route}${search && `?${search}`}`;
}
