// glass-easel, WeChat's component framework, set up to draw into this window.
import * as adapter from 'glass-easel-miniprogram-adapter';
import { defineBuiltins } from './builtins/index.js';
import { duringTap } from './gestures.js';
import { addNodeField } from './selector-query.js';
import { BUILTIN_TAGS } from './tags.js';

const { glassEasel } = adapter;
const builtinTags = new Set(BUILTIN_TAGS);
const POINTER_EVENT = /^(touch|mouse|transition|animation)/;

/**
 * Draws `<view>` as `<wx-view>`, so that tag selectors and void elements do not clash with HTML,
 * and lets only pointer events come straight from the DOM: built-ins fire the others themselves.
 */
class Backend extends glassEasel.CurrentWindowBackendContext {
  document = {
    createElement(tag) {
      if (builtinTags.has(tag)) return document.createElement(`wx-${tag}`);
      if (!tag.includes('-') && tag !== 'slot') console.error(`[preview] unknown element <${tag}>`);
      return document.createElement(tag);
    },
    createTextNode: (text) => document.createTextNode(text),
    createDocumentFragment: () => document.createDocumentFragment(),
  };

  setListenerStats(element, type, ...rest) {
    if (POINTER_EVENT.test(type)) super.setListenerStats(element, type, ...rest);
  }
}

// functions that WXS has and JavaScript has not
Object.assign(globalThis, {
  getRegExp: (pattern, flags) => new RegExp(pattern, flags),
  getDate: (...parts) => new Date(...parts),
});

const backend = new Backend();
const environment = new adapter.MiniProgramEnv();
const builtins = defineBuiltins(environment.getGlobalCodeSpace());
export const space = environment.createCodeSpace('', true);
const associated = environment.associateBackend(backend);

glassEasel.globalOptions.writeIdToDOM = true;
glassEasel.addGlobalErrorListener((error, where) => {
  console.error('[preview]', where ?? '', error);
  return false;
});
for (const [tag, definition] of Object.entries(builtins))
  space.getComponentSpace().setGlobalUsingComponent(tag, definition);
keepIds(space);
addNodeField(adapter.component.ComponentCaller.prototype);
backend.onEvent(dispatchPointerEvent);

/** Give elements the plain ids of the template, for WXSS `#id` and for tests. */
function keepIds(codeSpace) {
  const prepare = codeSpace.prepareComponentOptions;
  codeSpace.prepareComponentOptions = function (...args) {
    const prepared = prepare.apply(this, args);
    Object.assign(prepared[0], { idPrefixGenerator: null, writeIdToDOM: true });
    return prepared;
  };
}

function dispatchPointerEvent(target, type, detail, options) {
  const event = new glassEasel.Event(type, detail, options);
  const { originalEvent: origin } = options;
  if (origin && /^(touch|tap)/.test(type)) {
    event.touches = touchPoints(origin.touches ?? [origin]);
    event.changedTouches = touchPoints(origin.changedTouches ?? [origin]);
  }
  duringTap(type, () => glassEasel.Event.dispatchEvent(target, event));
  const { NoDefault, Normal } = glassEasel.EventBubbleStatus;
  return event.defaultPrevented() ? NoDefault : Normal;
}

function touchPoints(points) {
  return [...points].map(({ identifier = 0, clientX, clientY, pageX, pageY }) => ({
    identifier,
    clientX,
    clientY,
    pageX,
    pageY,
  }));
}

/** A tap that came from the keyboard instead of a finger. */
export function tap(element) {
  const event = new glassEasel.Event('tap', { x: 0, y: 0 }, { bubbles: true, composed: true });
  duringTap('tap', () => glassEasel.Event.dispatchEvent(element, event));
}

/**
 * Make the root component of a page; it is not attached yet.
 * @param {string} route
 */
export function createPage(route) {
  return associated.createRoot('wx-page', space, route);
}

/**
 * Make a page or component known and run its code.
 * @param {{path: string, json: object, scope?: string}} unit
 * @param {Record<string, unknown>} templates
 * @param {() => void} load
 */
export function defineUnit({ path, json, scope }, templates, load) {
  space.addComponentStaticConfig(path, json);
  space.addStyleSheet(path, path, scope);
  backend.registerStyleSheetContent(path, ''); // all styles lie in app.css
  space.addCompiledTemplate(path, { groupList: templates, content: templates[path] });
  space.globalComponentEnv(globalThis, path, () => {
    refuseUnknownBehaviours();
    load();
  });
}

/** The framework skips string behaviours without a word; WeChat's built-in ones are strings. */
function refuseUnknownBehaviours() {
  const { Component, Behavior } = globalThis;
  const checked = (definition) => {
    for (const behaviour of definition.behaviors ?? [])
      if (typeof behaviour === 'string')
        console.error(`[preview] behaviour "${behaviour}" is not simulated`);
    return definition;
  };
  globalThis.Component = (definition) => Component(checked(definition));
  globalThis.Behavior = (definition) => Behavior(checked(definition));
}
