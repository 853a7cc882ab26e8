import * as adapter from 'glass-easel-miniprogram-adapter';
import { BUILTIN_TAGS } from './tags.js';
import { defineBuiltins } from './builtins.js';
import { makeWx } from './wx.js';
const { glassEasel } = adapter;
const native = new Set(BUILTIN_TAGS);
Object.assign(globalThis, {
  getRegExp: (p, f) => new RegExp(p, f),
  getDate: (...a) => new Date(...a),
}); // WXS globals

// every built-in <view> becomes <wx-view>, so tag selectors and void elements cannot clash with HTML
class Ctx extends glassEasel.CurrentWindowBackendContext {
  document = {
    createElement: (t) => {
      if (!native.has(t) && t !== 'wx-page' && !t.includes('-') && !['slot'].includes(t))
        console.error(`[mp] unknown element <${t}>`);
      return document.createElement(native.has(t) ? 'wx-' + t : t);
    },
    createTextNode: (s) => document.createTextNode(s),
    createDocumentFragment: () => document.createDocumentFragment(),
  };
  // built-ins fire their own component events; only real pointer events come straight from the DOM
  setListenerStats(el, type, ...a) {
    if (/^(touch|mouse|transition|animation)/.test(type)) super.setListenerStats(el, type, ...a);
  }
}
const backend = new Ctx();
const env = new adapter.MiniProgramEnv();
const builtins = defineBuiltins(env.getGlobalCodeSpace(), glassEasel);
const space = env.createCodeSpace('', true);
glassEasel.globalOptions.writeIdToDOM = true; // plain #id in the DOM, so WXSS #id and Playwright locators work
const prepare = space.prepareComponentOptions;
space.prepareComponentOptions = function (...a) {
  const r = prepare.apply(this, a);
  Object.assign(r[0], { idPrefixGenerator: null, writeIdToDOM: true });
  return r;
};
for (const [t, d] of Object.entries(builtins))
  space.getComponentSpace().setGlobalUsingComponent(t, d);
backend.onEvent((target, type, detail, options) => {
  const ev = new glassEasel.Event(type, detail, options);
  const o = options.originalEvent;
  if (o && /^(touch|tap)/.test(type)) {
    const pts = (l) =>
      [...(l || [])].map((t) => ({
        identifier: t.identifier,
        clientX: t.clientX,
        clientY: t.clientY,
        pageX: t.pageX,
        pageY: t.pageY,
      }));
    const m = [
      { identifier: 0, clientX: o.clientX, clientY: o.clientY, pageX: o.pageX, pageY: o.pageY },
    ];
    ev.touches = o.touches ? pts(o.touches) : m;
    ev.changedTouches = o.changedTouches ? pts(o.changedTouches) : m;
  }
  glassEasel.Event.dispatchEvent(target, ev);
  return ev.defaultPrevented()
    ? glassEasel.EventBubbleStatus.NoDefault
    : glassEasel.EventBubbleStatus.Normal;
});
const ab = env.associateBackend(backend);
for (const w of [glassEasel.globalOptions]) {
  w.throwGlobalError = false;
}
glassEasel.addGlobalErrorListener((e, info) => {
  console.error('[mp]', info && info.type, e);
  return false;
});

// the adapter's SelectorQuery has no `node` field (canvas 2d needs it)
{
  const base = adapter.component.ComponentCaller.prototype;
  const create = base.createSelectorQuery;
  base.createSelectorQuery = function () {
    const q = create.call(this),
      push = q._$push;
    q._$push = function (s, comp, single, fields, cb) {
      const nodeOf = (e) => {
        const b = e && e.getBackendElement();
        return b ? b.__node || b : null;
      };
      return push.call(
        this,
        s,
        comp,
        single,
        fields,
        !fields.node || !s
          ? cb
          : (res) => {
              const root = comp._$.getShadowRoot();
              if (single) {
                if (res) res.node = nodeOf(root.querySelector(s));
              } else
                root.querySelectorAll(s).forEach((e, i) => {
                  if (res[i]) res[i].node = nodeOf(e);
                });
              cb(res);
            },
      );
    };
    return q;
  };
}

const stack = [];
let CFG,
  LOADERS,
  appInst = {};
const byRoute = new Map();
const $ = (s) => document.querySelector(s);
export const state = {
  stack,
  get cfg() {
    return CFG;
  },
};

export function define(groups, list, cfg, loaders) {
  CFG = cfg;
  LOADERS = loaders;
  Object.assign(globalThis, {
    wx: makeWx({
      navigateTo,
      redirectTo,
      navigateBack,
      switchTab,
      reLaunch,
      current,
      cfg,
      backend,
    }),
    App(o) {
      appInst = o;
    },
    getApp: () => appInst,
    getCurrentPages: () => stack.map((p) => p.inst),
  });
  for (const c of list) {
    space.addComponentStaticConfig(c.path, c.json);
    space.addStyleSheet(c.path, c.path, c.scope);
    backend.registerStyleSheetContent(c.path, '');
    space.addCompiledTemplate(c.path, { groupList: groups, content: groups[c.path] });
  }
  loaders.app && loaders.app();
  for (const c of list)
    space.globalComponentEnv(globalThis, c.path, () => {
      const { Component, Behavior } = globalThis;
      // 'wx://form-field' and friends are strings the adapter does not know
      const field = Behavior({
        properties: { name: String, value: null },
        lifetimes: {
          attached() {
            const me = this;
            const e = this._$.getBackendElement();
            if (e)
              e.__field = {
                get name() {
                  return me.data.name;
                },
                get: () => me.data.value,
                reset() {},
              };
          },
        },
      });
      const fix = (o) =>
        o && o.behaviors
          ? {
              ...o,
              behaviors: o.behaviors
                .map((b) => (b === 'wx://form-field' ? field : b))
                .filter((b) => typeof b !== 'string'),
            }
          : o;
      globalThis.Component = (o) => (o ? Component(fix(o)) : Component());
      globalThis.Behavior = Object.assign((o) => (o ? Behavior(fix(o)) : Behavior()), {
        trait: Behavior.trait,
      });
      loaders[c.path]();
    });
}
const call = (p, fn, ...a) => {
  try {
    const r = p.inst[fn] && p.inst[fn](...a);
    if (r && r.catch) r.catch((e) => console.error(e));
    return r;
  } catch (e) {
    console.error(e);
  }
};
const parse = (url) => {
  const [path, q = ''] = url.split('?');
  const from = stack.length ? stack[stack.length - 1].route : '';
  const abs = path.startsWith('/')
    ? path.slice(1)
    : new URL(path, 'http://x/' + from).pathname.slice(1);
  return { route: abs, query: Object.fromEntries([...new URLSearchParams(q)]) };
};
function open({ route, query }) {
  if (!CFG.pages.includes(route)) throw new Error(`page "${route}" is not in app.json`);
  const host = document.createElement('div');
  host.className = 'mp-pagehost';
  $('#pages').append(host);
  const root = ab.createRoot('wx-page', space, route);
  const ph = document.createElement('span');
  host.append(ph);
  const inst = root.get();
  inst.route = route;
  inst.options = query;
  const p = { route, query, root, host, inst, title: undefined };
  stack.push(p);
  root.getComponent().getBackendElement().setAttribute('data-route', route);
  call(p, 'onLoad', query);
  root.attach(host, ph);
  show(p, true);
  return p;
}
function show(p, first) {
  for (const o of stack) o.host.hidden = o !== p;
  for (const [, o] of byRoute) o.host.hidden = o !== p;
  call(p, 'onShow');
  p.root.getComponent().triggerPageLifetime('show', []);
  if (first) requestAnimationFrame(() => call(p, 'onReady'));
  chrome();
}
function hide(p) {
  call(p, 'onHide');
  p.root.getComponent().triggerPageLifetime('hide', []);
  p.host.hidden = true;
}
function close(p) {
  call(p, 'onUnload');
  p.root.release();
  p.host.remove();
}
const current = () => stack[stack.length - 1];
const tabs = () => ((CFG.app.tabBar || {}).list || []).map((t) => t.pagePath);
async function navigateTo(o) {
  const t = parse(o.url);
  if (tabs().includes(t.route)) throw new Error('navigateTo:fail can not navigateTo a tabbar page');
  if (stack.length >= 10) throw new Error('navigateTo:fail webview count limit exceed');
  hide(current());
  open(t);
}
async function redirectTo(o) {
  const t = parse(o.url);
  close(stack.pop());
  open(t);
}
async function navigateBack(o = {}) {
  let d = Math.min(o.delta || 1, stack.length - 1);
  if (!d) return;
  while (d--) close(stack.pop());
  show(current());
}
async function switchTab(o) {
  const t = parse(o.url);
  if (!tabs().includes(t.route)) throw new Error('switchTab:fail can not switch to no-tabBar page');
  while (stack.length > 1) close(stack.pop());
  const cur = current();
  if (cur) {
    if (cur.route === t.route) return show(cur);
    hide(cur);
    byRoute.set(cur.route, cur);
    stack.length = 0;
  }
  const kept = byRoute.get(t.route);
  if (kept) {
    stack.push(kept);
    show(kept);
  } else byRoute.set(t.route, open({ route: t.route, query: {} }));
}
async function reLaunch(o) {
  const t = parse(o.url);
  const all = new Set([...stack, ...byRoute.values()]);
  stack.length = 0;
  byRoute.clear();
  all.forEach(close);
  open(t);
}
const themed = (v) =>
  typeof v === 'string' && v[0] === '@'
    ? (CFG.theme[matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'] || {})[
        v.slice(1)
      ]
    : v;
export function chrome() {
  const p = current();
  if (!p) return;
  const w = { ...CFG.app.window, ...CFG.pageJson[p.route] };
  const nav = $('#nav');
  nav.hidden = w.navigationStyle === 'custom';
  nav.style.background = themed(w.navigationBarBackgroundColor) || '#fff';
  nav.style.color = themed(w.navigationBarTextStyle) === 'white' ? '#fff' : '#000';
  $('#title').textContent = document.title = p.title ?? w.navigationBarTitleText ?? '';
  $('#back').hidden = stack.length < 2;
  const tb = CFG.app.tabBar,
    isTab = tabs().includes(p.route);
  const bar = $('#tabbar');
  bar.hidden = !isTab;
  if (!tb) return;
  bar.style.background = themed(tb.backgroundColor);
  bar.replaceChildren(
    ...tb.list.map((t) => {
      const b = document.createElement('button');
      b.type = 'button';
      b.role = 'tab';
      b.textContent = t.text;
      b.setAttribute('aria-selected', String(t.pagePath === p.route));
      b.style.color = themed(t.pagePath === p.route ? tb.selectedColor : tb.color);
      b.onclick = () => switchTab({ url: '/' + t.pagePath });
      return b;
    }),
  );
}
export function start() {
  $('#back').onclick = () => navigateBack();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', chrome);
  const opts = { path: CFG.pages[0], query: {}, scene: 1001 };
  appInst.onLaunch && appInst.onLaunch(opts);
  appInst.onShow && appInst.onShow(opts);
  const hash = location.hash.slice(1);
  const t = hash ? parse(hash) : { route: CFG.pages[0], query: {} };
  const p = open(t);
  if (tabs().includes(t.route)) byRoute.set(t.route, p);
  // pull-to-refresh: keyboard/E2E entry point
  globalThis.__mp = {
    state,
    pullDown: () => call(current(), 'onPullDownRefresh'),
    reachBottom: () => call(current(), 'onReachBottom'),
  };
  $('#pages').addEventListener(
    'scroll',
    (e) => {
      const s = e.target;
      if (s.scrollTop + s.clientHeight > s.scrollHeight - 50) call(current(), 'onReachBottom');
    },
    true,
  );
}
globalThis.__chrome = chrome;
