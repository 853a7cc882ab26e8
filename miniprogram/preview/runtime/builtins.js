// The built-in components, drawn with plain DOM inside each host element.
import { pick } from './ui.js';
const A11Y = {
  hidden: Boolean,
  ariaRole: String,
  role: String,
  ariaLabel: String,
  ariaHidden: String,
  ariaDisabled: String,
  ariaLive: String,
  ariaLabelledby: String,
  ariaDescribedby: String,
  ariaChecked: String,
  ariaExpanded: String,
  ariaSelected: String,
  tabIndex: String,
  hoverClass: String,
  hoverStartTime: Number,
  hoverStayTime: Number,
  hoverStopPropagation: Boolean,
  animation: null,
};
// properties a page may set that the preview accepts and does not act on
const any = (s) => Object.fromEntries(s.split(' ').map((k) => [k, null]));
const el = (c) => c._$.getBackendElement();
const dom = (tag, props = {}) => Object.assign(document.createElement(tag), props);
const attr = (e, k, v) =>
  v === undefined || v === null || v === '' || v === false
    ? e.removeAttribute(k)
    : e.setAttribute(k, v === true ? '' : v);

export function defineBuiltins(space, ge) {
  const fire = (c, name, detail, bubbles = false) => c.triggerEvent(name, detail, { bubbles });
  const defs = {};
  const def = (tag, o = {}) => {
    defs[tag] = space
      .component('wx/' + tag)
      .definition({
        properties: { ...A11Y, ...o.properties },
        observers: {
          'hidden, ariaRole, role, ariaLabel, ariaHidden, ariaDisabled, ariaLive, ariaLabelledby, ariaDescribedby, ariaChecked, ariaExpanded, ariaSelected'() {
            const e = el(this),
              d = this.data;
            e.hidden = d.hidden;
            const role = d.ariaRole || d.role || o.role;
            attr(e, 'role', role);
            for (const k of [
              'Label',
              'Hidden',
              'Disabled',
              'Live',
              'Labelledby',
              'Describedby',
              'Checked',
              'Expanded',
              'Selected',
            ])
              attr(e, 'aria-' + k.toLowerCase(), d['aria' + k]);
            if (o.tabbable || role === 'button' || role === 'link') e.tabIndex = 0;
          },
          ...o.observers,
        },
        lifetimes: {
          created() {
            const e = el(this);
            if (o.role) e.setAttribute('role', o.role);
            if (o.tabbable) e.tabIndex = 0;
            e.__mp = this;
            this._hover = e;
            e.addEventListener('pointerdown', (ev) => {
              const h = this.data.hoverClass;
              if (h && h !== 'none' && !ev.__hover) {
                ev.__hover = true;
                e.classList.add(...hoverNames(this, h));
                const off = () => {
                  e.classList.remove(...hoverNames(this, h));
                  removeEventListener('pointerup', off);
                };
                addEventListener('pointerup', off);
              }
            });
            o.created && o.created.call(this, e);
          },
          attached() {
            o.attached && o.attached.call(this, el(this));
          },
          detached() {
            o.detached && o.detached.call(this, el(this));
          },
        },
        methods: o.methods || {},
      })
      .register()._$;
  };
  const hoverNames = (c, h) => {
    const host = c._$.ownerShadowRoot && c._$.ownerShadowRoot.getHostNode();
    const sc = host && host.getComponentOptions().styleScope;
    const pre =
      sc !== undefined && host.getRootBehavior().ownerSpace.styleScopeManager.queryName(sc);
    return h.split(/\s+/).map((x) => (pre ? pre + '--' + x : x));
  };
  // keyboard users: Enter / Space on a focusable built-in counts as a tap
  addEventListener('keydown', (ev) => {
    if (
      (ev.key !== 'Enter' && ev.key !== ' ') ||
      !ev.target.__wxElement ||
      /^(INPUT|TEXTAREA|SELECT|BUTTON)$/.test(ev.target.tagName)
    )
      return;
    ev.preventDefault();
    ge.Event.dispatchEvent(
      ev.target.__wxElement,
      new ge.Event('tap', { x: 0, y: 0 }, { bubbles: true, composed: true }),
    );
  });

  def('view');
  def('cover-view');
  def('root-portal');
  def('text', {
    properties: { selectable: Boolean, userSelect: Boolean, space: String, decode: Boolean },
  });
  def('icon', { properties: { type: String, size: null, color: String } });
  def('label', {
    properties: { for: String },
    created(e) {
      e.addEventListener('click', (ev) => {
        if (ev.target.closest('input,textarea')) return;
        const t = this.data.for
          ? e.closest('wx-page').querySelector('#' + CSS.escape(this.data.for))
          : e;
        const f = t && t.querySelector('input,textarea');
        if (f) {
          f.focus();
          if (/checkbox|radio/.test(f.type)) f.click();
        }
      });
    },
  });
  def('button', {
    role: 'button',
    tabbable: true,
    properties: {
      type: String,
      size: String,
      plain: Boolean,
      disabled: Boolean,
      loading: Boolean,
      formType: String,
      openType: String,
      lang: String,
    },
    observers: {
      'type, size, disabled'() {
        const e = el(this);
        attr(e, 'type', this.data.type);
        attr(e, 'size', this.data.size);
        attr(e, 'aria-disabled', this.data.disabled ? 'true' : '');
      },
      loading(v) {
        attr(el(this), 'aria-busy', v ? 'true' : '');
      },
    },
    created(e) {
      this._$.addListener('tap', () => {
        const f = this.data.formType && e.closest('wx-form');
        if (f) f.__mp[this.data.formType]();
      });
    },
  });
  def('navigator', {
    role: 'link',
    tabbable: true,
    properties: {
      url: String,
      openType: { type: String, value: 'navigate' },
      delta: Number,
      target: String,
    },
    created() {
      this._$.addListener('tap', () => {
        const m = {
          navigate: 'navigateTo',
          redirect: 'redirectTo',
          switchTab: 'switchTab',
          reLaunch: 'reLaunch',
          navigateBack: 'navigateBack',
        }[this.data.openType];
        wx[m]({ url: this.data.url, delta: this.data.delta || 1 });
      });
    },
  });
  const imgSrc = (s) => (/^(https?:|data:|blob:)/.test(s) ? s : s.replace(/^\//, ''));
  def('image', {
    properties: {
      src: String,
      mode: { type: String, value: 'scaleToFill' },
      lazyLoad: Boolean,
      showMenuByLongpress: Boolean,
      webp: Boolean,
      alt: String,
    },
    created(e) {
      this.img = dom('img', { alt: '' });
      e.append(this.img);
      this.img.onload = () =>
        fire(this, 'load', { width: this.img.naturalWidth, height: this.img.naturalHeight });
      this.img.onerror = () => fire(this, 'error', { errMsg: 'load fail' });
    },
    observers: {
      src(v) {
        if (v) this.img.src = imgSrc(v);
      },
      mode(m) {
        this.img.style.objectFit =
          { aspectFit: 'contain', aspectFill: 'cover', scaleToFill: 'fill' }[m] || 'none';
        if (m === 'widthFix') {
          el(this).style.height = 'auto';
          this.img.style.height = 'auto';
        }
      },
      ariaLabel(v) {
        this.img.alt = v || '';
      },
    },
  });
  def('scroll-view', {
    properties: {
      scrollX: Boolean,
      scrollY: Boolean,
      upperThreshold: null,
      lowerThreshold: { type: null, value: 50 },
      scrollTop: null,
      scrollLeft: null,
      scrollIntoView: String,
      ...any(
        'scrollWithAnimation enhanced showScrollbar refresherEnabled refresherTriggered enableFlex type',
      ),
    },
    observers: {
      'scrollX, scrollY'() {
        const e = el(this);
        e.style.overflowX = this.data.scrollX ? 'auto' : '';
        e.style.overflowY = this.data.scrollY ? 'auto' : '';
      },
      scrollTop(v) {
        if (v !== '' && v != null) el(this).scrollTop = +v;
      },
      scrollLeft(v) {
        if (v !== '' && v != null) el(this).scrollLeft = +v;
      },
      scrollIntoView(v) {
        if (v)
          requestAnimationFrame(() => {
            const t = el(this).querySelector('#' + CSS.escape(v));
            if (t) t.scrollIntoView({ block: 'nearest' });
          });
      },
    },
    created(e) {
      e.addEventListener('scroll', () => {
        fire(this, 'scroll', {
          scrollTop: e.scrollTop,
          scrollLeft: e.scrollLeft,
          scrollHeight: e.scrollHeight,
          scrollWidth: e.scrollWidth,
        });
        const low = e.scrollTop + e.clientHeight >= e.scrollHeight - this.data.lowerThreshold;
        if (low && !this._low) fire(this, 'scrolltolower', {});
        this._low = low;
      });
    },
  });
  def('swiper-item', { properties: { itemId: String } });
  def('swiper', {
    properties: {
      indicatorDots: Boolean,
      autoplay: Boolean,
      current: Number,
      interval: { type: Number, value: 5000 },
      ...any(
        'duration circular vertical indicatorColor indicatorActiveColor previousMargin nextMargin displayMultipleItems',
      ),
    },
    created(e) {
      e.classList.add('wx-swiper');
      this._i = 0;
      e.addEventListener('scroll', () => {
        const i = Math.round(e.scrollLeft / e.clientWidth);
        if (i !== this._i) {
          this._i = i;
          fire(this, 'change', { current: i, source: 'touch' });
        }
      });
    },
    attached(e) {
      Object.assign(e.style, {
        display: 'flex',
        overflowX: 'auto',
        scrollSnapType: 'x mandatory',
        scrollbarWidth: 'none',
      });
      if (this.data.autoplay)
        this._t = setInterval(() => {
          const n = e.children.length;
          e.scrollTo({ left: ((this._i + 1) % n) * e.clientWidth, behavior: 'smooth' });
        }, this.data.interval);
    },
    detached() {
      clearInterval(this._t);
    },
    observers: {
      current(v) {
        const e = el(this);
        requestAnimationFrame(() => {
          e.scrollLeft = v * e.clientWidth;
        });
      },
    },
  });

  // ---- form fields: every field host carries __field = {name, get, reset}
  const field = (c, e, get, reset) => {
    e.__field = {
      get name() {
        return c.data.name;
      },
      get,
      reset,
    };
  };
  def('form', {
    properties: { reportSubmit: Boolean },
    methods: {
      fields() {
        return [...el(this).querySelectorAll('*')]
          .filter((x) => x.__field && x.__field.name)
          .map((x) => x.__field);
      },
      submit() {
        const value = {};
        this.fields().forEach((f) => {
          value[f.name] = f.get();
        });
        fire(this, 'submit', { value, formId: 'the formId is a mock one' });
      },
      reset() {
        this.fields().forEach((f) => f.reset());
        fire(this, 'reset', {});
      },
    },
  });
  const textField = (tag, htmlTag) =>
    def(tag, {
      properties: {
        name: String,
        value: String,
        type: String,
        password: Boolean,
        placeholder: String,
        disabled: Boolean,
        maxlength: { type: Number, value: 140 },
        focus: Boolean,
        autoFocus: Boolean,
        ...any(
          'placeholderClass placeholderStyle confirmType confirmHold cursor cursorSpacing cursorColor selectionStart selectionEnd adjustPosition holdKeyboard alwaysEmbed autoHeight fixed showConfirmBar disableDefaultPadding',
        ),
      },
      created(e) {
        const f = (this.f = dom(htmlTag));
        e.append(f);
        f.addEventListener('input', (ev) => {
          ev.stopPropagation();
          this.setData({ value: f.value });
          fire(this, 'input', { value: f.value, cursor: f.selectionStart });
        });
        f.addEventListener('focus', () => fire(this, 'focus', { value: f.value, height: 0 }));
        f.addEventListener('blur', () => fire(this, 'blur', { value: f.value }));
        f.addEventListener('keydown', (ev) => {
          if (ev.key === 'Enter' && tag === 'input') fire(this, 'confirm', { value: f.value });
        });
        field(
          this,
          e,
          () => f.value,
          () => this.setData({ value: '' }),
        );
      },
      observers: {
        value(v) {
          v = v == null ? '' : String(v);
          if (this.f.value !== v) this.f.value = v;
        },
        placeholder(v) {
          this.f.placeholder = v;
        },
        disabled(v) {
          this.f.disabled = v;
        },
        maxlength(v) {
          if (v >= 0) this.f.maxLength = v;
          else this.f.removeAttribute('maxlength');
        },
        'type, password'() {
          if (tag === 'input') {
            this.f.type = this.data.password ? 'password' : 'text';
            this.f.inputMode =
              { number: 'numeric', digit: 'decimal', idcard: 'text' }[this.data.type] || 'text';
          }
        },
        focus(v) {
          if (v) requestAnimationFrame(() => this.f.focus());
        },
        ariaLabel(v) {
          attr(this.f, 'aria-label', v);
        },
      },
    });
  textField('input', 'input');
  textField('textarea', 'textarea');
  const group = (tag, item, multi) => {
    def(tag, {
      role: multi ? 'group' : 'radiogroup',
      properties: { name: String },
      created(e) {
        const val = () => {
          const v = [...e.querySelectorAll('wx-' + item)]
            .filter((x) => x.__mp.f.checked)
            .map((x) => x.__mp.data.value);
          return multi ? v : v[0] || '';
        };
        field(this, e, val, () =>
          e.querySelectorAll('wx-' + item).forEach((x) => {
            x.__mp.f.checked = false;
          }),
        );
        e.addEventListener('change', (ev) => {
          ev.stopPropagation();
          if (!multi)
            e.querySelectorAll('wx-' + item).forEach((x) => {
              if (x.__mp.f !== ev.target) x.__mp.f.checked = false;
            });
          fire(this, 'change', { value: val() });
        });
      },
    });
    def(item, {
      properties: {
        value: String,
        checked: Boolean,
        disabled: Boolean,
        color: String,
        name: String,
      },
      created(e) {
        this.f = dom('input', { type: multi ? 'checkbox' : 'radio' });
        e.append(this.f);
      },
      observers: {
        checked(v) {
          this.f.checked = v;
        },
        disabled(v) {
          this.f.disabled = v;
        },
        ariaLabel(v) {
          attr(this.f, 'aria-label', v);
        },
      },
    });
  };
  group('checkbox-group', 'checkbox', true);
  group('radio-group', 'radio', false);
  def('switch', {
    properties: { name: String, checked: Boolean, disabled: Boolean, type: String, color: String },
    created(e) {
      this.f = dom('input', { type: 'checkbox' });
      this.f.setAttribute('role', 'switch');
      e.append(this.f);
      this.f.addEventListener('change', (ev) => {
        ev.stopPropagation();
        fire(this, 'change', { value: this.f.checked });
      });
      field(
        this,
        e,
        () => this.f.checked,
        () => {
          this.f.checked = false;
        },
      );
    },
    observers: {
      checked(v) {
        this.f.checked = v;
      },
      disabled(v) {
        this.f.disabled = v;
      },
      ariaLabel(v) {
        attr(this.f, 'aria-label', v);
      },
    },
  });
  def('slider', {
    properties: {
      name: String,
      min: Number,
      max: { type: Number, value: 100 },
      step: { type: Number, value: 1 },
      value: Number,
      disabled: Boolean,
      ...any('showValue activeColor backgroundColor blockSize blockColor'),
    },
    created(e) {
      this.f = dom('input', { type: 'range' });
      e.append(this.f);
      this.f.addEventListener('input', (ev) => {
        ev.stopPropagation();
        fire(this, 'changing', { value: +this.f.value });
      });
      this.f.addEventListener('change', (ev) => {
        ev.stopPropagation();
        fire(this, 'change', { value: +this.f.value });
      });
      field(
        this,
        e,
        () => +this.f.value,
        () => {},
      );
    },
    observers: {
      'min, max, step, value'() {
        const d = this.data;
        Object.assign(this.f, { min: d.min, max: d.max, step: d.step });
        this.f.value = d.value;
      },
      ariaLabel(v) {
        attr(this.f, 'aria-label', v);
      },
    },
  });
  def('progress', {
    properties: {
      percent: Number,
      ...any('showInfo strokeWidth activeColor backgroundColor active borderRadius color'),
    },
    created(e) {
      this.f = dom('progress', { max: 100 });
      e.append(this.f);
    },
    observers: {
      percent(v) {
        this.f.value = v;
      },
    },
  });
  def('picker', {
    role: 'button',
    tabbable: true,
    properties: {
      name: String,
      mode: { type: String, value: 'selector' },
      range: { type: Array, value: [] },
      rangeKey: String,
      value: null,
      start: String,
      end: String,
      fields: String,
      disabled: Boolean,
      headerText: String,
      customItem: String,
      level: String,
    },
    created(e) {
      field(
        this,
        e,
        () => this.data.value,
        () => this.setData({ value: '' }),
      );
      this._$.addListener('tap', async () => {
        if (this.data.disabled) return;
        const v = await pick(this.data);
        if (v === null) return fire(this, 'cancel', {});
        this.setData({ value: v });
        fire(this, 'change', { value: v });
      });
    },
  });
  const SAFE = new Set(
    'a abbr b blockquote br code div em h1 h2 h3 h4 h5 h6 hr i img li ol p span strong sub sup table tbody td th thead tr u ul'.split(
      ' ',
    ),
  );
  const clean = (n) => {
    for (const c of [...n.children]) {
      if (!SAFE.has(c.localName)) {
        c.remove();
        continue;
      }
      for (const a of [...c.attributes])
        if (
          !/^(class|style|src|alt|width|height|colspan|rowspan)$/.test(a.name) ||
          /javascript:/i.test(a.value)
        )
          c.removeAttribute(a.name);
      clean(c);
    }
    return n;
  };
  def('rich-text', {
    properties: { nodes: null, space: String, userSelect: Boolean },
    observers: {
      nodes(v) {
        const e = el(this);
        const node = (x) => {
          if (x.type === 'text') return new Text(x.text);
          const d = document.createElement(SAFE.has(x.name) ? x.name : 'span');
          for (const [k, y] of Object.entries(x.attrs || {}))
            if (!/^on/i.test(k)) d.setAttribute(k, y);
          (x.children || []).forEach((c) => d.append(node(c)));
          return d;
        };
        if (typeof v === 'string')
          e.replaceChildren(
            ...clean(new DOMParser().parseFromString(v, 'text/html').body).childNodes,
          );
        else e.replaceChildren(...(v || []).map(node));
      },
    },
  });
  def('canvas', {
    properties: { type: String, canvasId: String, disableScroll: Boolean },
    created(e) {
      this.f = dom('canvas');
      e.append(this.f);
      e.__node = this.f;
    },
  });
  def('video', {
    properties: { src: String, controls: Boolean, poster: String },
    created(e) {
      this.f = dom('video', { controls: true });
      e.append(this.f);
    },
    observers: {
      src(v) {
        if (v) this.f.src = v;
      },
    },
  });
  return defs;
}
