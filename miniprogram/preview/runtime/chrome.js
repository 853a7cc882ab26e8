// What WeChat draws around a page: the navigation bar and the tab bar.

import { assetUrl } from './location.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

export class Chrome {
  /** @param {{app: object, theme: object, pages: string[]}} config */
  constructor(config) {
    this.config = config;
    /** @type {import('./pages.js').Pages} */
    this.pages = undefined;
    /** @type {Map<number, string>} tab index → text */
    this.badges = new Map();
    this.navigation = document.querySelector('#navigation');
    this.title = document.querySelector('#title');
    this.back = document.querySelector('#back');
    this.home = document.querySelector('#home');
    this.tabBar = document.querySelector('#tab-bar');
  }

  /** @param {import('./pages.js').Pages} pages */
  attach(pages) {
    this.pages = pages;
    this.back.onclick = () => pages.navigateBack();
    this.home.onclick = () => pages.reLaunch({ url: `/${this.config.pages[0]}` });
    dark.addEventListener('change', () => this.draw());
  }

  setNavigationBarTitle({ title }) {
    this.pages.current.title = title;
    this.draw();
  }

  setTabBarBadge({ index, text }) {
    this.badges.set(index, text);
    this.draw();
  }

  removeTabBarBadge({ index }) {
    this.badges.delete(index);
    this.draw();
  }

  draw() {
    this.#drawNavigation(this.pages.current);
    this.#drawTabBar(this.pages.current);
  }

  #drawNavigation(page) {
    const { window } = page;
    const isFirst = this.pages.stack.length < 2;
    const title = page.title ?? window.navigationBarTitleText ?? '';
    const white = this.#themed(window.navigationBarTextStyle) === 'white';
    this.navigation.hidden = window.navigationStyle === 'custom';
    this.navigation.style.background = this.#themed(window.navigationBarBackgroundColor);
    this.navigation.style.color = white ? '#fff' : '#000';
    this.title.textContent = title;
    document.title = title;
    this.back.hidden = isFirst;
    this.home.hidden =
      !isFirst || this.pages.isTab(page.route) || page.route === this.config.pages[0];
  }

  #drawTabBar(page) {
    const { tabBar } = this.config.app;
    this.tabBar.hidden = !this.pages.isTab(page.route);
    if (this.tabBar.hidden) return;
    const focused = [...this.tabBar.children].indexOf(document.activeElement);
    this.tabBar.style.background = this.#themed(tabBar.backgroundColor);
    this.tabBar.dataset.border = this.#themed(tabBar.borderStyle) ?? 'black';
    this.tabBar.replaceChildren(...tabBar.list.map((tab, index) => this.#tab(tab, index, page)));
    this.tabBar.children[focused]?.focus();
  }

  #tab({ pagePath, text, iconPath, selectedIconPath }, index, page) {
    const { color, selectedColor } = this.config.app.tabBar;
    const selected = pagePath === page.route;
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('role', 'tab');
    button.setAttribute('aria-selected', String(selected));
    button.style.color = this.#themed(selected ? selectedColor : color);
    button.onclick = () => this.pages.switchTab({ url: `/${pagePath}` });
    if (iconPath) {
      const icon = document.createElement('img');
      const file = this.#themed(selected ? selectedIconPath : iconPath);
      Object.assign(icon, { alt: '', src: assetUrl(`/${file.replace(/^\//, '')}`) });
      button.append(icon);
    }
    button.append(text);
    if (this.badges.has(index)) button.append(badge(this.badges.get(index)));
    return button;
  }

  /** `@name` is a variable of theme.json. */
  #themed(value) {
    if (!value?.startsWith('@')) return value;
    return this.config.theme[dark.matches ? 'dark' : 'light'][value.slice(1)];
  }
}

function badge(text) {
  const element = document.createElement('span');
  element.className = 'tab-badge';
  element.textContent = text;
  return element;
}
