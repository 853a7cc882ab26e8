// The page stack: WeChat's routes and the lifecycles of pages.
import { createPage } from './engine.js';
import { goOnFrom } from './focus.js';
import { settings } from './location.js';
import { PullDown } from './pull-down.js';

const MOST_PAGES = 10; // WeChat's limit
const REACH_BOTTOM_PX = 50; // WeChat's default of onReachBottomDistance

/**
 * @typedef {object} Page
 * @property {string} route
 * @property {Record<string, string>} query
 * @property {object} root the framework's root component
 * @property {any} instance what the page's code calls `this`
 * @property {HTMLElement} host scrolls, and holds the page
 * @property {object} window settings of app.json and of the page, merged
 * @property {PullDown} pullDown
 * @property {string} [title] set by wx.setNavigationBarTitle
 * @property {Element | null} [focus] what had the focus when the page was left
 */

export class Pages {
  /**
   * @param {{app: object, pages: string[]}} config
   * @param {{path: string, json: object}[]} units pages and components
   * @param {(page: Page) => void} changed called when another page is on top
   */
  constructor(config, units, changed) {
    this.config = config;
    this.settings = new Map(units.map(({ path, json }) => [path, json]));
    this.changed = changed;
    this.tabRoutes = (config.app.tabBar?.list ?? []).map((tab) => tab.pagePath);
    /** @type {Page[]} */
    this.stack = [];
    /** @type {Map<string, Page>} tab pages stay alive */
    this.tabs = new Map();
  }

  get current() {
    return this.stack.at(-1);
  }

  isTab(route) {
    return this.tabRoutes.includes(route);
  }

  navigateTo({ url }) {
    const target = this.#target(url);
    if (this.isTab(target.route)) throw new Error('can not navigateTo a tabbar page');
    if (this.stack.length >= MOST_PAGES) throw new Error('webview count limit exceed');
    this.#hide(this.current);
    this.#open(target);
  }

  redirectTo({ url }) {
    const target = this.#target(url);
    if (this.isTab(target.route)) throw new Error('can not redirectTo a tabbar page');
    this.#close(this.stack.pop());
    this.#open(target);
  }

  navigateBack({ delta = 1 } = {}) {
    if (this.stack.length < 2) throw new Error('cannot navigate back at first page.');
    const closing = this.stack.splice(Math.max(1, this.stack.length - delta));
    for (const page of closing.reverse()) this.#close(page);
    this.#show(this.current);
  }

  switchTab({ url }) {
    const target = this.#target(url);
    if (!this.isTab(target.route)) throw new Error('can not switch to no-tabBar page');
    if (Object.keys(target.query).length)
      console.error(`[preview] switchTab drops the query of ${url}`);
    for (const page of this.stack.filter((one) => !this.isTab(one.route)).reverse())
      this.#close(page);
    const previous = this.stack.find((one) => this.isTab(one.route));
    const next = this.tabs.get(target.route);
    if (previous && previous !== next) this.#hide(previous);
    this.stack = next ? [next] : [];
    if (next) this.#show(next);
    else this.#open({ route: target.route, query: {} });
  }

  reLaunch({ url }) {
    const target = this.#target(url);
    const all = new Set([...this.stack, ...this.tabs.values()]);
    this.stack = [];
    this.tabs.clear();
    for (const page of all) this.#close(page);
    this.#open(target);
  }

  pageScrollTo({ scrollTop, selector }) {
    const { host } = this.current;
    const element = selector && host.querySelector(selector);
    if (selector && !element) throw new Error(`no element "${selector}"`);
    if (!element) {
      host.scrollTop = scrollTop;
      return;
    }
    element.scrollIntoView();
    goOnFrom(element); // as after a link within a page of the web: Tab goes on from there
  }

  startPullDownRefresh() {
    this.current.pullDown.start();
  }

  stopPullDownRefresh() {
    this.current.pullDown.stop();
  }

  /** The whole mini-program goes to the background, or comes back. */
  setVisible(visible) {
    if (this.current) lifecycle(this.current, visible ? 'show' : 'hide');
  }

  #target(url) {
    const { pathname, searchParams } = new URL(url, `app://_/${this.current?.route ?? ''}`);
    const route = pathname.slice(1);
    if (!this.config.pages.includes(route)) throw new Error(`page "${route}" is not found`);
    return { route, query: Object.fromEntries(searchParams) };
  }

  #open({ route, query }) {
    const host = document.createElement('div');
    host.className = 'page-host';
    host.tabIndex = -1;
    const placeholder = document.createElement('span');
    host.append(placeholder);
    document.querySelector('#pages').append(host);

    const root = createPage(route);
    const component = root.getComponent();
    component.getBackendElement().setAttribute('data-route', route);
    const instance = Object.assign(root.get(), { route, options: query });
    const window = { ...this.config.app.window, ...this.settings.get(route) };
    const page = { route, query, root, instance, host, window };
    page.pullDown = new PullDown(host, () => call(page, 'onPullDownRefresh'));
    if (window.enablePullDownRefresh) page.pullDown.listen();
    this.stack.push(page);
    if (this.isTab(route)) this.tabs.set(route, page);

    call(page, 'onLoad', query);
    root.attach(host, placeholder);
    this.#show(page);
    requestAnimationFrame(() => call(page, 'onReady'));
    watchScrolling(page);
    host.addEventListener('page-meta', () => page === this.current && applyPageMeta(page));
  }

  #show(page) {
    page.host.hidden = false;
    applyPageMeta(page);
    // beside settings, as in the phone frame, whoever works there keeps the focus
    if (window.parent === window || document.hasFocus())
      (page.focus?.isConnected ? page.focus : page.host).focus({ preventScroll: true });
    lifecycle(page, 'show');
    this.changed(page);
  }

  #hide(page) {
    page.focus = page.host.contains(document.activeElement) ? document.activeElement : null;
    page.host.hidden = true;
    lifecycle(page, 'hide');
  }

  #close(page) {
    call(page, 'onUnload');
    page.root.release();
    page.host.remove();
  }
}

function lifecycle(page, name) {
  call(page, name === 'show' ? 'onShow' : 'onHide');
  page.root.getComponent().triggerPageLifetime(name, []);
}

/** Call a page's own function; what it throws, now or later, goes to the console. */
function call(page, name, ...args) {
  try {
    Promise.resolve(page.instance[name]?.(...args)).catch((error) => console.error(error));
  } catch (error) {
    console.error(error);
  }
}

function watchScrolling(page) {
  const { host, window } = page;
  const distance = window.onReachBottomDistance ?? REACH_BOTTOM_PX;
  let atBottom = false;
  host.addEventListener('scroll', () => {
    if (host.hidden) return;
    call(page, 'onPageScroll', { scrollTop: host.scrollTop });
    const near = host.scrollTop + host.clientHeight >= host.scrollHeight - distance;
    if (near && !atBottom) call(page, 'onReachBottom');
    atBottom = near;
  });
}

/** `<page-meta>`: text sizes, `system` being the one the owner of the phone chose. */
function applyPageMeta(page) {
  const { rootFontSize, pageFontSize, pageStyle } =
    page.host.querySelector('wx-page-meta')?.dataset ?? {};
  const size = (value) => (value === 'system' ? `${settings.fontSize}px` : (value ?? ''));
  document.documentElement.style.fontSize = size(rootFontSize);
  const element = page.host.querySelector('wx-page');
  if (pageStyle !== undefined) element.style.cssText = pageStyle;
  element.style.fontSize = size(pageFontSize);
}
