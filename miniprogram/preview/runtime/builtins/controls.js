// Built-ins that are pressed: button, navigator, label, form.
import { fire, host, register, setAttribute } from './element.js';
import { showShared } from '../dialogs/pictures.js';
import { askForPhoneNumber } from '../wx/wechat.js';

const OPEN_TYPES = {
  navigate: 'navigateTo',
  redirect: 'redirectTo',
  switchTab: 'switchTab',
  reLaunch: 'reLaunch',
  navigateBack: 'navigateBack',
};

export const controls = (space) => ({
  button: register(space, 'button', button),
  navigator: register(space, 'navigator', navigator),
  label: register(space, 'label', label),
  form: register(space, 'form', form),
});

const button = {
  role: 'button',
  focusable: true,
  properties: {
    type: String,
    size: String,
    plain: Boolean,
    disabled: Boolean,
    loading: Boolean,
    formType: String,
    openType: String,
  },
  observers: {
    'type, size, plain, disabled, loading'() {
      const { type, size, plain, disabled, loading } = this.data;
      const element = host(this);
      setAttribute(element, 'type', type);
      setAttribute(element, 'size', size);
      setAttribute(element, 'plain', plain);
      setAttribute(element, 'aria-disabled', disabled ? 'true' : '');
      setAttribute(element, 'aria-busy', loading ? 'true' : '');
    },
  },
  created(element) {
    this._$.addListener('tap', () => {
      const { formType, openType } = this.data;
      if (formType) element.closest('wx-form')?.__builtin[formType]();
      if (openType === 'getPhoneNumber')
        askForPhoneNumber().then((detail) => fire(this, 'getphonenumber', detail));
      else if (openType === 'share') share();
      else if (openType) console.error(`[preview] button open-type "${openType}" is not simulated`);
    });
  },
};

/** What the page on top says of itself, as WeChat would hand it to a friend. */
function share() {
  const page = globalThis.getCurrentPages().at(-1);
  const shared = page.onShareAppMessage?.({ from: 'button' });
  if (shared) showShared(shared);
  else console.error('[preview] a page without onShareAppMessage is not shared');
}

const navigator = {
  role: 'link',
  focusable: true,
  properties: {
    url: String,
    openType: { type: String, value: 'navigate' },
    delta: { type: Number, value: 1 },
  },
  created() {
    this._$.addListener('tap', () => {
      const { url, openType, delta } = this.data;
      if (OPEN_TYPES[openType]) wx[OPEN_TYPES[openType]]({ url, delta });
      else console.error(`[preview] navigator open-type "${openType}" is not simulated`);
    });
  },
};

/** A press on a label is a press on the control inside it or on the one named by `for`. */
const label = {
  properties: { for: String },
  created(element) {
    element.addEventListener('click', (event) => {
      if (event.target.closest('input, textarea')) return;
      const named = this.data.for && `#${CSS.escape(this.data.for)}`;
      const target = named ? element.closest('wx-page').querySelector(named) : element;
      const control = target?.querySelector('input, textarea');
      control?.focus();
      if (/checkbox|radio/.test(control?.type)) control.click();
    });
  },
};

/** Form fields are elements with `__field = {name, get, reset}`. */
const form = {
  methods: {
    fields() {
      return [...host(this).querySelectorAll('*')]
        .map((element) => element.__field)
        .filter((field) => field?.name);
    },
    submit() {
      const value = Object.fromEntries(this.fields().map((field) => [field.name, field.get()]));
      fire(this, 'submit', { value });
    },
    reset() {
      for (const field of this.fields()) field.reset();
      fire(this, 'reset');
    },
  },
};
