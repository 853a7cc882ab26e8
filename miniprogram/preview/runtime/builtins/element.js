// What all built-in components share: registration, accessibility, hover, events.

const ARIA = [
  'Checked',
  'Controls',
  'Describedby',
  'Disabled',
  'Expanded',
  'Hidden',
  'Label',
  'Labelledby',
  'Level',
  'Live',
  'Modal',
  'Selected',
  'Valuemax',
  'Valuemin',
  'Valuenow',
];
const COMMON = {
  hidden: Boolean,
  ariaRole: String,
  hoverClass: String,
  hoverStartTime: Number,
  hoverStayTime: Number,
  hoverStopPropagation: Boolean,
  ...Object.fromEntries(ARIA.map((name) => [`aria${name}`, String])),
};
const FOCUSABLE_ROLES = new Set(['button', 'link', 'checkbox', 'radio', 'switch', 'tab']);

/**
 * The DOM element that a component draws into. It is kept: a page that has left may still call
 * setData, which is harmless on a phone; what it then makes is drawn into nothing.
 */
export const host = (component) =>
  (component.__host ??= component._$.getBackendElement() ?? document.createElement('div'));

/** @returns {HTMLElement} */
export const create = (tag, properties = {}) =>
  Object.assign(document.createElement(tag), properties);

/** Set an attribute; empty, false and missing values remove it. */
export function setAttribute(element, name, value) {
  if (value === undefined || value === null || value === '' || value === false)
    element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : value);
}

/** Tell the page about something: `bindchange`, `bindinput` … */
export const fire = (component, name, detail = {}) =>
  component.triggerEvent(name, detail, { bubbles: false });

/** Properties that a page may set and that change nothing in the preview. */
export const accepted = (names) => Object.fromEntries(names.split(' ').map((name) => [name, null]));

/**
 * @typedef {object} Builtin
 * @property {string} [role] ARIA role of its own
 * @property {boolean} [focusable]
 * @property {Record<string, unknown>} [properties]
 * @property {Record<string, Function>} [observers]
 * @property {(element: HTMLElement) => void} [created] `this` is the component
 * @property {(element: HTMLElement) => void} [attached]
 * @property {(element: HTMLElement) => void} [detached]
 * @property {Record<string, Function>} [methods]
 */

/**
 * Register one built-in in the code space.
 * @param {object} space
 * @param {string} tag
 * @param {Builtin} [builtin]
 */
export function register(space, tag, builtin = {}) {
  const { properties, observers, methods = {} } = builtin;
  const component = space.component(`builtin/${tag}`).definition({
    properties: { ...COMMON, ...properties },
    observers: {
      ...observers,
      [`hidden, ariaRole, ${ARIA.map((name) => `aria${name}`).join(', ')}`]() {
        applyAccessibility(this, builtin);
      },
    },
    lifetimes: {
      created() {
        const element = host(this);
        element.__builtin = this;
        if (builtin.role) element.setAttribute('role', builtin.role);
        if (builtin.focusable) element.tabIndex = 0;
        installHover(this, element);
        builtin.created?.call(this, element);
      },
      attached() {
        builtin.attached?.call(this, host(this));
      },
      detached() {
        builtin.detached?.call(this, host(this));
      },
    },
    methods,
  });
  return component.register()._$;
}

function applyAccessibility(component, { role: ownRole, focusable }) {
  const { data } = component;
  const element = host(component);
  const role = data.ariaRole || ownRole;
  element.hidden = data.hidden;
  setAttribute(element, 'role', role);
  for (const name of ARIA) setAttribute(element, `aria-${name.toLowerCase()}`, data[`aria${name}`]);
  if (!focusable && !FOCUSABLE_ROLES.has(role)) element.removeAttribute('tabindex');
  else element.tabIndex = 0;
}

/** `hover-class` while a finger or the mouse is down; only the innermost element shows it. */
function installHover(component, element) {
  element.addEventListener('pointerdown', (event) => {
    const { hoverClass } = component.data;
    if (!hoverClass || hoverClass === 'none' || event.__hovered) return;
    event.__hovered = true;
    const names = scopedClasses(component, hoverClass);
    element.classList.add(...names);
    const end = () => element.classList.remove(...names);
    for (const type of ['pointerup', 'pointercancel']) addEventListener(type, end, { once: true });
  });
}

/** Class names as the stylesheet of the surrounding component knows them. */
function scopedClasses(component, classes) {
  const owner = component._$.ownerShadowRoot?.getHostNode();
  const scope = owner?.getComponentOptions().styleScope;
  const prefix =
    scope === undefined
      ? ''
      : owner.getRootBehavior().ownerSpace.styleScopeManager.queryName(scope);
  return classes.split(/\s+/).map((name) => (prefix ? `${prefix}--${name}` : name));
}
